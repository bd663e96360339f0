"""The store as one object: everything the ports ask for, on one database."""

from sync.store.approvals import Approvals
from sync.store.booking import Booking
from sync.store.brake import Brakes
from sync.store.changes import Changes
from sync.store.conflict_log import ConflictLog
from sync.store.cursors import Cursors
from sync.store.history import History
from sync.store.org_state import OrgStates
from sync.store.pending import PendingUsers
from sync.store.review import Review
from sync.store.runs import Runs
from sync.store.stopping import Stopping
from sync.store.sweep import Sweep


class SqlStore(
    Approvals,
    Brakes,
    Changes,
    Stopping,
    PendingUsers,
    Booking,
    Cursors,
    ConflictLog,
    History,
    OrgStates,
    Review,
    Runs,
    Sweep,
):
    """Implements every store protocol of `sync.ports`. Safe to share between threads."""
