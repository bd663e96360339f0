"""`python -m bench [NAME ...]`: decide, store, settle, pages, site; all if none is named."""

import runpy
import sys

NAMES = ("decide", "store", "settle", "pages", "site")

for name in sys.argv[1:] or NAMES:
    if name not in NAMES:
        sys.exit(f"There is no measurement {name!r}: name some of {', '.join(NAMES)}.")
    print(f"== {name}", flush=True)
    sys.argv = [name]
    runpy.run_module(f"bench.{name}", run_name="__main__")
