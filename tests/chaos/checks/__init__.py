"""The independent checker: invariant by invariant, from what a run left behind.

Nothing of `sync` decides here. The rules are those of `tests/e2e/ruling.py`, a reading of its own.
"""
