"""Short words for what happens to a store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.model import NONE, Finding, FindingKind, License, Licenses
from sync.ports.conflict_log import Entry, EntryChange, OpenEntry, Resolution
from sync.ports.history import Intent
from sync.ports.pending import Cause, Claim, Notice, PendingUser, Priority
from sync.ports.review import EntryFilter
from sync.ports.settling import Outcome, OutcomeKind
from sync.store import SqlStore

ORG, PRINT, LEASE = "acme", "print-1", 30.0
ANN, BOB, CID, DAN = (f"00500000000000{number}AAA" for number in (1, 2, 3, 4))
START = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)

CTI = Licenses.of(License.CTI)
PBX = Licenses.of(License.PBX)
SCV = Licenses.of(License.SCV)
FREEDOM = Licenses.of(License.FREEDOM)
BOTH = FREEDOM | SCV

CONFLICT = Finding(FindingKind.CONFLICT, "mutually_exclusive", BOTH, "choose one")
REFUSAL = Finding(FindingKind.REFUSAL, "needs_freedom", CTI, "CTI needs Freedom")


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def pass_(self, seconds: float) -> datetime:
        """Let time pass; the new time."""
        self.now += timedelta(seconds=seconds)
        return self.now


class Scene:
    """A store, its clock, and one org."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self.store = store
        self.clock = clock

    def arm(self, fingerprint: str = PRINT, org: str = ORG) -> None:
        """Arm the org."""
        self.store.arm(org, "00D000000000001AAA", fingerprint, "ann@acme.example")

    def notice(self, *user_ids: str, org: str = ORG, **more: Any) -> int:
        """Notice users, by a poll unless said otherwise."""
        return self.store.notice(org, [a_notice(user_id, **more) for user_id in user_ids])

    def claim(
        self, limit: int = 100, priority: Priority = Priority.LIVE, fingerprint: str = PRINT
    ) -> Claim:
        """Claim users; there have to be some."""
        claim = self.try_claim(limit, priority, fingerprint)
        assert claim is not None
        return claim

    def try_claim(
        self, limit: int = 100, priority: Priority = Priority.LIVE, fingerprint: str = PRINT
    ) -> Claim | None:
        """Claim users if there are any."""
        return self.store.claim(ORG, fingerprint, priority, limit, LEASE)

    def book(self, claim: Claim, kind: OutcomeKind, **more: Any) -> None:
        """Book the same outcome for all users of a claim."""
        self.store.book(claim, [Outcome(user, kind, **more) for user in claim.users])

    def open(self, user_id: str = ANN, finding: Finding = CONFLICT, **more: Any) -> Entry:
        """Let a settle open an entry for a user."""
        self.settle(user_id, [an_opening(finding, **more)])
        return self.entries(user_id=user_id)[-1]

    def settle(self, user_id: str, changes: Sequence[EntryChange], **more: Any) -> None:
        """Notice, claim and book one user with these changes in the log."""
        self.notice(user_id, cause=Cause.RECONCILE, seen="")
        claim = self.claim()
        assert ids(claim) == [user_id]
        self.book(claim, OutcomeKind.SETTLED, entries=tuple(changes), **more)

    def entries(self, **wanted: Any) -> list[Entry]:
        """Entries of the log."""
        return list(self.store.entries(EntryFilter(**wanted)))


def ids(claim: Claim | None) -> list[str]:
    """The ids of a claim's users, in its order."""
    return [] if claim is None else [user.user_id for user in claim.users]


def only(claim: Claim) -> PendingUser:
    """The one user of a claim."""
    (user,) = claim.users
    return user


def a_notice(user_id: str = ANN, **more: Any) -> Notice:
    """A notice of a poll."""
    plain = Notice(
        user_id=user_id,
        username=f"{user_id}@acme.example",
        cause=Cause.POLL,
        priority=Priority.LIVE,
        seen="mark-1",
        actor="admin",
    )
    return replace(plain, **more)


def an_intent(user_id: str = ANN, **more: Any) -> Intent:
    """A write that grants Freedom."""
    plain = Intent(
        user_id=user_id,
        username=f"{user_id}@acme.example",
        cause=Cause.POLL,
        actor="admin",
        requested_before=FREEDOM,
        requested_after=FREEDOM,
        held_before=NONE,
        held_after=CTI | FREEDOM,
        status_after="In sync",
        why="as requested",
        policy="natterbox-2022/1",
    )
    return replace(plain, **more)


def an_opening(finding: Finding = CONFLICT, **more: Any) -> OpenEntry:
    """The beginning of an entry."""
    plain = OpenEntry(finding, requested=BOTH, held=SCV, kept=SCV, policy="p1")
    return replace(plain, **more)


def a_resolution(keep: Licenses = FREEDOM, by: str = "ann", **more: Any) -> Resolution:
    """A decision of a person."""
    return replace(Resolution(keep, by, START, seen_requested=BOTH, seen_held=SCV), **more)
