"""Troubles that a test orders: what goes wrong, for which calls, when and how often.

A fault hits the integration user's REST calls unless its `match` says otherwise, so
that the people who edit in the same test are left alone.
"""

from simulator.faults.book import Faults
from simulator.faults.errors import REFUSALS, row_lock
from simulator.faults.fault import Fault, Target

__all__ = ["REFUSALS", "Fault", "Faults", "Target", "row_lock"]
