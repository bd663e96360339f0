"""What an org does by itself when a record is saved: rules that refuse, triggers that write back.

They see every write that goes through `simulator.records`, whichever way it came. Their own
writes start no further automations (real ones can).
"""

from simulator.automations.book import Automations

__all__ = ["Automations"]
