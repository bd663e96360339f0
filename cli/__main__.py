"""`python -m cli` is `license-sync`."""

from cli.main import main

main()
