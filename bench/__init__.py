"""Measurements: `make bench`, or `python -m bench NAME`. They print; they never fail a build."""
