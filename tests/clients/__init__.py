"""Programs that others wrote, run unmodified against the simulated org: `make clients`.

Each is pinned, lives in an environment of its own and runs as a process of its own. The files are
named check_*.py so that the ordinary test run, which needs no network, does not collect them.
"""
