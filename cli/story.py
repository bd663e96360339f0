"""What happens in the demo: an admin ticks boxes, and license-sync answers on the record."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cli.demo_org import Admin, DemoFailed, licenses
from cli.output import names
from sync.model import NONE, License, Licenses
from sync.ports.conflict_log import LIVE_STATUSES, Entry, EntryStatus, Resolution
from sync.ports.review import EntryFilter, ReviewStore

SETTLE_SECONDS = 30.0
LOOK_SECONDS = 0.05
ORG = "demo"

Say = Callable[[str], None]
Pause = Callable[[float], None]
"""Waits; KeyboardInterrupt when the demo is told to end."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What an admin ticks and unticks, why it is worth watching, and the status it ends in."""

    title: str
    on: Licenses
    off: Licenses
    status: str


L = License
STORY = (
    Edit("Freedom brings CTI along", Licenses.of(L.FREEDOM, L.PBX), NONE, "In sync"),
    Edit("CTI alone is refused", Licenses.of(L.CTI, L.RECORD), NONE, "Corrected"),
    Edit("PCI is not in use", Licenses.of(L.PCI, L.INSIGHT), NONE, "Corrected"),
    Edit("Service Cloud Voice by itself", Licenses.of(L.SCV, L.PBX), NONE, "In sync"),
)


@dataclass(slots=True)
class Summary:
    """What the demo did; it is right when nothing is left and every edit is settled."""

    edits: int = 0
    edits_settled: int = 0
    licenses_corrected: int = 0
    conflicts_opened: int = 0
    conflicts_resolved: int = 0
    slowest_seconds: float = 0.0
    pending: int = 0
    parked: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether everything settled."""
        done = self.edits == self.edits_settled and self.conflicts_opened == self.conflicts_resolved
        return done and not self.problems and not self.pending and not self.parked


@dataclass(slots=True)
class Teller:
    """Tells the story on an org and checks that each part of it came true."""

    admin: Admin
    store: ReviewStore
    say: Say
    pause: Pause
    summary: Summary = field(default_factory=Summary)

    def tell(self) -> Summary:
        """Make the edits, open a conflict, decide it; what came of it."""
        idle = self._idle_users(len(STORY) + 1)
        for edit, user in zip(STORY, idle, strict=False):
            self._edit(user, edit)
        first = idle[0]
        self._edit(first, Edit("Freedom goes, and CTI with it", NONE, STORY[0].on, "In sync"))
        self._conflict(idle[-1])
        self._count()
        return self.summary

    def _idle_users(self, count: int) -> list[dict[str, Any]]:
        """Users for whom nothing is requested yet."""
        nothing = " AND ".join(
            f"{kind}_{name}__c = false"
            for kind in ("Requested", "Effective")
            for name in ("CTI", "Freedom", "SCV", "PBX", "Record", "PCI", "Insight")
        )
        found = self.admin.users(f"IsActive = true AND Username LIKE 'user%' AND {nothing}", count)
        if len(found) < count:
            raise DemoFailed("The demo has used up its users: remove its state folder.")
        return found

    def _edit(self, user: dict[str, Any], edit: Edit) -> None:
        ticks = [f"ticks {names(edit.on)}"] * bool(edit.on) + [f"unticks {names(edit.off)}"] * bool(
            edit.off
        )
        self.say(f"{edit.title}: an admin {' and '.join(ticks)} for {user['Name']}.")
        before = licenses(self.admin.user(user["Id"]), "Requested")
        requested = (before | edit.on) - edit.off
        started = time.monotonic()
        self.admin.request(user["Id"], on=edit.on, off=edit.off)
        self.summary.edits += 1
        settled = self._await(user["Id"], requested, edit.status)
        if settled is None:
            self.summary.problems.append(f"{edit.title}: not settled in {SETTLE_SECONDS:.0f} s")
            return
        took = time.monotonic() - started
        self.summary.edits_settled += 1
        self.summary.slowest_seconds = max(self.summary.slowest_seconds, round(took, 2))
        effective = licenses(settled, "Effective")
        self.summary.licenses_corrected += len(effective ^ requested)
        message = settled["License_Sync_Message__c"] or ""
        self.say(f"    {took:4.1f} s  has {names(effective)}  [{edit.status}] {message}")

    def _await(self, user_id: str, requested: Licenses, status: str) -> dict[str, Any] | None:
        """The record once it says that this request was decided; None if it never does."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            user = self.admin.user(user_id)
            if (
                user["License_Sync_Decided__c"] == requested.code
                and user["License_Sync_Status__c"] == status
            ):
                return user
            self.pause(LOOK_SECONDS)
        return None

    def _conflict(self, user: dict[str, Any]) -> None:
        """Freedom first, then Service Cloud Voice as well: only a person can decide."""
        freedom = Licenses.of(L.FREEDOM)
        self._edit(user, Edit("Freedom for somebody else", freedom, NONE, "In sync"))
        self._edit(
            user,
            Edit(
                "Freedom and Service Cloud Voice exclude each other",
                Licenses.of(L.SCV),
                NONE,
                "Conflict",
            ),
        )
        entry = self._entry(user["Id"])
        if entry is None:
            self.summary.problems.append("the conflict is not in the log")
            return
        self.summary.conflicts_opened += 1
        self.say(f"    conflict {entry.id} waits in the log; Freedom goes on working meanwhile.")
        self._decide(entry, freedom)

    def leave_open(self) -> Entry | None:
        """Make one more conflict, for whoever looks at the review page; None if it did not come."""
        freedom, both = Licenses.of(L.FREEDOM), Licenses.of(L.FREEDOM, L.SCV)
        (user,) = self._idle_users(1)
        for ticked, requested, status in (
            (freedom, freedom, "In sync"),
            (both - freedom, both, "Conflict"),
        ):
            self.admin.request(user["Id"], on=ticked, off=NONE)
            if self._await(user["Id"], requested, status) is None:
                return None
        return self._entry(user["Id"])

    def _entry(self, user_id: str) -> Entry | None:
        wanted = EntryFilter(org=ORG, user_id=user_id, statuses=LIVE_STATUSES)
        return next((e for e in self._entries(wanted) if len(e.licenses) > 1), None)

    def _entries(self, wanted: EntryFilter) -> list[Entry]:
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            if found := list(self.store.entries(wanted)):
                return found
            self.pause(LOOK_SECONDS)
        return []

    def _decide(self, entry: Entry, keep: Licenses) -> None:
        self.say(f"A person decides the conflict: {names(keep)} stays, the other request goes.")
        self.say("    (Salesforce can guard such a write only once the record is two seconds old.)")
        now = self.store.now()
        seen = Resolution(keep, "demo", now, entry.requested, entry.held, "told by the demo")
        started = time.monotonic()
        self.store.resolve(entry.id, seen)
        deadline = started + SETTLE_SECONDS
        while (entry := self.store.entry(entry.id)).status is EntryStatus.DECIDING:
            if time.monotonic() > deadline:
                break
            self.pause(LOOK_SECONDS)
        if entry.status is not EntryStatus.RESOLVED:
            self.summary.problems.append(f"conflict {entry.id} is {entry.status}: {entry.note}")
            return
        self.summary.conflicts_resolved += 1
        user = self.admin.user(entry.user_id)
        requested, effective = licenses(user, "Requested"), licenses(user, "Effective")
        self.say(
            f"    {time.monotonic() - started:4.1f} s  requests {names(requested)}, "
            f"has {names(effective)}  [{user['License_Sync_Status__c']}]"
        )

    def _count(self) -> None:
        """Wait until the echoes are looked at too; then say what is left."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            figures = self.store.figures().get(ORG)
            self.summary.pending = figures.pending if figures else 0
            self.summary.parked = figures.parked if figures else 0
            if not self.summary.pending:
                return
            self.pause(LOOK_SECONDS)
