"""`python -m bench [NAME ...] [OPTION ...]`: some of NAMES; all if none is named.

Options are for the last one named.
"""

import runpy
import sys
from itertools import takewhile

NAMES = ("decide", "store", "settle", "listening", "isolation", "pages", "site", "simulator")

named = list(takewhile(lambda word: not word.startswith("-"), sys.argv[1:]))
options = sys.argv[1 + len(named) :]
for name in named or NAMES:
    if name not in NAMES:
        sys.exit(f"There is no measurement {name!r}: name some of {', '.join(NAMES)}.")
    print(f"== {name}", flush=True)
    sys.argv = [name, *(options if named and name == named[-1] else [])]
    runpy.run_module(f"bench.{name}", run_name="__main__")
