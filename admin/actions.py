"""What people and programs can do here: checked, recorded, and carried out by the worker.

Everything checks sight and role first (Refused), then what the store says: NotAllowed,
UnknownReference. Pages and API both come through here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from admin.access import Refused, SignedIn
from admin.services import Services, Store
from sync.errors import NotAllowed, SyncError, UnknownReference
from sync.explaining import Explanation, explain
from sync.model import NONE, Licenses
from sync.ports.conflict_log import Entry, Resolution
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.review import WaitingUser

Seen = tuple[Licenses, Licenses]
"""What of a record somebody saw when they decided: requested and held."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A record as it was last seen, with what the rules make of it."""

    looked_at: datetime
    explanation: Explanation


def check_sight(person: SignedIn, org: str) -> None:
    """Refused if they may not see this org."""
    if not person.sees(org):
        raise Refused("Your account does not reach this org.")


def check_change(person: SignedIn, org: str) -> None:
    """Refused if they may not change things of this org."""
    check_sight(person, org)
    if not person.may_change:
        raise Refused("Your account may look but not change: ask an admin.")


def entry_of(store: Store, person: SignedIn, entry_id: int) -> Entry:
    """An entry that they may see; UnknownReference, Refused."""
    entry = store.entry(entry_id)
    check_sight(person, entry.org)
    return entry


def resolve(
    store: Store,
    person: SignedIn,
    entry_id: int,
    keep: Licenses,
    note: str = "",
    seen: Seen | None = None,
) -> Entry:
    """Decide a conflict by what they saw; without `seen`, by what the log says now.

    If the record has moved since, the worker finds that out, and the entry is open again.
    """
    entry = store.entry(entry_id)
    check_change(person, entry.org)
    requested, held = (entry.requested, entry.held) if seen is None else seen
    return store.resolve(
        entry_id,
        Resolution(keep, person.username, store.now(), requested, held, note),
    )


def dismiss(store: Store, person: SignedIn, entry_id: int, note: str) -> Entry:
    """Put an entry aside; it needs a note."""
    check_change(person, store.entry(entry_id).org)
    return store.dismiss(entry_id, person.username, note)


def look_again(store: Store, person: SignedIn, entry_id: int) -> Entry:
    """Have the worker read an entry's user again now, and decide again."""
    entry = store.entry(entry_id)
    check_change(person, entry.org)
    _notice(store, person, entry.org, entry.user_id, entry.username)
    return entry


def reconcile_user(store: Store, person: SignedIn, org: str, user_id: str) -> WaitingUser | None:
    """Have the worker read a user now; how it waits (None: done already).

    UnknownReference for one that nobody has seen.
    """
    check_change(person, org)
    known, waiting = store.known_user(org, user_id), store.waiting(org, user_id)
    if known is None and waiting is None:
        raise UnknownReference(f"{org} has no user {user_id} that license-sync has seen.")
    username = known.record.username if known else waiting.username if waiting else ""
    _notice(store, person, org, user_id, username)
    return store.waiting(org, user_id)


def _notice(store: Store, person: SignedIn, org: str, user_id: str, username: str) -> None:
    notice = Notice(user_id, username, Cause.RETRY, Priority.LIVE, actor=person.username)
    store.notice(org, [notice])


def retry_parked(store: Store, person: SignedIn, org: str, user_ids: Sequence[str]) -> int:
    """Try parked users again now: these, or all of the org but those held back; how many."""
    check_change(person, org)
    return store.retry_parked(org, user_ids, person.username)


def pause(store: Store, person: SignedIn, org: str) -> None:
    """Stop writes to an org."""
    check_change(person, org)
    store.pause(org, person.username)


def resume(store: Store, person: SignedIn, org: str) -> None:
    """Let writes go on; NotAllowed while all orgs are paused together."""
    check_change(person, org)
    store.resume(org, person.username)
    state = store.state(org)
    if state.paused_at is not None:
        raise NotAllowed(
            f"{state.paused_by} paused all orgs at once: `license-sync orgs resume` ends that."
        )


def release_brake(store: Store, person: SignedIn, org: str) -> int:
    """Approve what an org's brake holds; how many users lose something now. NotAllowed."""
    check_change(person, org)
    return store.release_brake(org, person.username)


def hold_removals(store: Store, person: SignedIn, org: str, reason: str) -> None:
    """Let nothing be removed in an org until somebody releases the brake."""
    check_change(person, org)
    if not reason:
        raise NotAllowed("Say why removals are to wait: others will ask.")
    store.hold_removals(org, person.username, reason)


def explained(services: Services, org: str, user_id: str) -> Explained | None:
    """What the rules make of a record as it was last seen; None if it never was, or the org's
    rules cannot be used.
    """
    store = services.store
    known = store.known_user(org, user_id)
    if known is None:
        return None
    try:
        rulebook = services.runtime.org(org).rulebook
    except SyncError:
        return None
    entries = store.living_entries(org, [user_id]).get(user_id, ())
    hold = store.holds(org, [user_id]).get(user_id, NONE)
    return Explained(known.looked_at, explain(known.record, entries, hold, rulebook))


def record_url(services: Services, org: str, user_id: str) -> str | None:
    """Where the record is in Salesforce; None for an org that is not configured any more."""
    settings = services.runtime.settings.orgs.get(org)
    return None if settings is None else f"{settings.login_url.rstrip('/')}/{user_id}"
