"""`python -m cli` is `license-sync`; Ctrl-C is quiet from the first moment on."""

import signal
import sys


def run() -> None:
    """Import the commands, which takes a moment, and run one of them."""
    try:
        from cli.main import main

        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    run()
