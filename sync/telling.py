"""Tells people: looks at how things are, books what begins and ends, sends it, books who took it.

What is guaranteed: each target takes the begin and the end of an alert at least once, as long as it
takes anything; twice only if this process dies, or loses its lease, between the sending and the
booking, or if the target took it and its answer was lost. An alert that is over before a target
took its begin is told to it in one message, which says both.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from sync.alert_texts import Message, message_of
from sync.alerts import Snapshot, changes
from sync.ports.alerts import GATHERED, Alert, AlertKind, AlertStore, Gathered
from sync.ports.brake import Brake
from sync.ports.orgs import OrgStore
from sync.ports.review import OrgFigures, ReviewStore, SweepStore

LEASE_SECONDS = 60.0
"""Longer than one message takes."""

BUDGET_SECONDS = 40.0
"""No message is begun later than this: the rest is told at the next tick."""

FIRST_AGAIN, LAST_AGAIN = 20.0, 3600.0
"""Seconds until a message is tried again: doubled with each try."""

NOBODY = "Nobody is told: set LICENSE_SYNC_ALERT_URLS."
NOBODY_SECONDS = 60.0

log = logging.getLogger(__name__)


class TellingStore(AlertStore, OrgStore, ReviewStore, SweepStore, Protocol):
    """All that telling needs of the store."""


class Messenger(Protocol):
    """Brings messages to where people read them."""

    def targets(self, org: str) -> Sequence[str]:
        """Who hears of this org, each under a name without a secret."""
        ...

    def send(self, org: str, targets: Sequence[str], message: Message) -> Mapping[str, str | None]:
        """Send to these targets, in a bounded time; why each did not take it, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the store does not know of the orgs; see `Snapshot`."""

    orgs: Sequence[str]
    working: frozenset[str] = frozenset()
    problems: Mapping[str, str] = field(default_factory=dict)
    expiries: Mapping[str, date] = field(default_factory=dict)
    brakes: Sequence[Brake] = ()


@dataclass(slots=True)
class Teller:
    """Tells what there is to tell. `page_url` is where people can look."""

    store: TellingStore
    messenger: Messenger
    monotonic: Callable[[], float]
    page_url: str | None = None
    _mute: dict[str, str] = field(default_factory=dict, init=False)

    def tell(self, surroundings: Surroundings) -> int | None:
        """Look, and tell what is due; how many messages were due, None if another worker does."""
        token = self.store.take_alerts(LEASE_SECONDS)
        if token is None:
            return None
        try:
            self._look(token, surroundings)
            return self._tell_due(token)
        finally:
            self.store.drop_alerts(token)

    def _look(self, token: str, surroundings: Surroundings) -> None:
        standing = self.store.standing_alerts()
        found = changes(self._snapshot(surroundings, standing), standing)
        if found.begun or found.over or found.replaced or found.dropped:
            self.store.change_alerts(token, found.begun, found.over, found.replaced, found.dropped)

    def _snapshot(self, surroundings: Surroundings, standing: Sequence[Alert]) -> Snapshot:
        lists = [one for one in standing if one.kind in GATHERED]
        done = [one.id for one in lists if not self.store.still_waiting(one)]
        figures = self.store.figures()
        return Snapshot(
            now=self.store.now(),
            figures=figures,
            states={org: self.store.state(org) for org in surroundings.orgs},
            working=surroundings.working,
            problems=surroundings.problems,
            brakes=surroundings.brakes,
            beats=self.store.beats(),
            expiries=surroundings.expiries,
            gathered=self._gathered([figures[org] for org in surroundings.orgs if org in figures]),
            finished=frozenset(done),
        )

    def _gathered(self, figures: Sequence[OrgFigures]) -> list[Gathered]:
        asked = [(AlertKind.CONFLICTS, one.org) for one in figures if one.open_conflicts]
        asked += [(AlertKind.PARKED, one.org) for one in figures if one.parked]
        found = [self.store.gathered(kind, org) for kind, org in asked]
        return [one for one in found if one is not None]

    def _tell_due(self, token: str) -> int:
        self._mute.clear()
        until = self.monotonic() + BUDGET_SECONDS
        due = self.store.due_alerts()
        for alert in due:
            if self.monotonic() >= until:
                break
            self.store.renew_alerts(token, LEASE_SECONDS)
            self._tell_one(token, alert)
        return len(due)

    def _tell_one(self, token: str, alert: Alert) -> None:
        """Send to whoever has not taken it; a target that just failed is left alone this time."""
        targets = self.messenger.targets(alert.org)
        lacking = [one for one in targets if one not in alert.taken]
        tried = [one for one in lacking if one not in self._mute]
        if tried:
            answers = self.messenger.send(alert.org, tried, message_of(alert, self.page_url))
            self._mute |= {one: error for one, error in answers.items() if error is not None}
        failed = [one for one in lacking if one in self._mute]
        if failed:
            error = " ".join(self._mute[one] for one in failed)
            taken = {*alert.taken, *lacking} - {*failed}
            log.warning("%s: an alert was not taken: %s", alert.org or "all orgs", error)
            self.store.book_untold(token, alert, sorted(taken), error, _again(alert.tries))
        elif targets or alert.over_at is not None:
            self.store.book_told(token, alert)
        else:
            self.store.book_untold(token, alert, (), NOBODY, NOBODY_SECONDS)


def _again(tries: int) -> float:
    return float(min(FIRST_AGAIN * 2 ** min(tries, 20), LAST_AGAIN))
