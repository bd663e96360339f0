"""The store as one object: everything the ports ask for, on one database."""

from sync.store.account_events import AccountEvents
from sync.store.accounts import Accounts
from sync.store.alerts import Alerts
from sync.store.api_tokens import ApiTokens
from sync.store.approvals import Approvals
from sync.store.booking import Booking
from sync.store.brake import Brakes
from sync.store.changes import Changes
from sync.store.conflict_log import ConflictLog
from sync.store.cursors import Cursors
from sync.store.delays import MeasuredDelays
from sync.store.gathering import Gathering
from sync.store.history import History
from sync.store.known_users import KnownUsers
from sync.store.listed_history import ListedHistory
from sync.store.listed_log import ListedLog
from sync.store.listed_runs import ListedRuns
from sync.store.org_state import OrgStates
from sync.store.pending import PendingUsers
from sync.store.review import Review
from sync.store.runs import Runs
from sync.store.sessions import Sessions
from sync.store.sign_ins import SignIns
from sync.store.stopping import Stopping
from sync.store.streams import Streams
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
    KnownUsers,
    ListedLog,
    ListedHistory,
    ListedRuns,
    Accounts,
    Sessions,
    SignIns,
    ApiTokens,
    AccountEvents,
    Alerts,
    Gathering,
    Streams,
    MeasuredDelays,
):
    """Implements every store protocol of `sync.ports`. Safe to share between threads."""
