"""The store as one object: everything the ports ask for, on one database."""

from sync.store.alerts import Alerts
from sync.store.booking import Booking
from sync.store.conflict_log import ConflictLog
from sync.store.cursors import Cursors
from sync.store.gathering import Gathering
from sync.store.history import History
from sync.store.org_state import OrgStates
from sync.store.pending import PendingUsers
from sync.store.review import Review
from sync.store.runs import Runs
from sync.store.sweep import Sweep


class SqlStore(
    PendingUsers,
    Booking,
    Cursors,
    ConflictLog,
    History,
    OrgStates,
    Review,
    Runs,
    Sweep,
    Alerts,
    Gathering,
):
    """Implements every store protocol of `sync.ports`. Safe to share between threads."""
