"""Every user through all changes, in their order: which states it was in, and what we wrote.

Beyond what `tests/e2e/judge.py` follows: hands on the effective flags, and writes that carry out a
person's decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.chaos.checks.evidence import Evidence
from tests.e2e.judge import State, flags, from_letters, lately, state_of
from tests.e2e.ruling import BOTH, Names

INTERFACES: Names = BOTH | {"CTI"}


@dataclass(frozen=True)
class Written:
    """One write of the program, as the org committed it. `before` is the state that it met."""

    at: float
    after: Mapping[str, Any]
    before: State
    now: State
    status: str | None

    @property
    def changes_flags(self) -> bool:
        return any(name.startswith("Effective_") for name in self.after)

    @property
    def changes_requests(self) -> bool:
        return any(name.startswith("Requested_") for name in self.after)

    @property
    def removed(self) -> Names:
        return self.before.held - self.now.held


@dataclass
class Trail:
    """One user's way. `unexplained` are writes that follow from no state just before them."""

    record: dict[str, Any]
    states: list[State]
    writes: list[Written] = field(default_factory=list)
    edits: list[Mapping[str, Any]] = field(default_factory=list)
    unexplained: list[Written] = field(default_factory=list)
    by_hand: bool = False

    @property
    def last(self) -> State:
        return self.states[-1]

    @property
    def asked(self) -> set[Names]:
        return {state.asked for state in self.states}

    def see(self, change: Mapping[str, Any], *, own: bool, may_keep: bool) -> None:
        """One change; with `may_keep` a brake may leave what the rules take away."""
        before = self.last
        self.record.update(change["after"])
        now = state_of(self.record, float(change["at"]))
        if own:
            status = self.record.get("License_Sync_Status__c")
            self._note(Written(now.at, change["after"], before, now, status), may_keep=may_keep)
        else:
            self.edits.append(change)
        decided = from_letters(self.record.get("License_Sync_Decided__c"))
        self.states.append(self._doubted(before.after(now, own=own, decided=decided), own=own))

    def _doubted(self, now: State, *, own: bool) -> State:
        """Where a hand moved an interface just before a conflict or in it, no record tells."""
        moved = bool((self.last.held ^ now.held) & INTERFACES)
        self.by_hand = not own and (moved or self.by_hand)
        if self.by_hand and now.kept is not None:
            return replace(now, doubtful=True)
        return now

    def _note(self, write: Written, *, may_keep: bool) -> None:
        self.writes.append(write)
        known = lately(self.states, write.at)
        if write.changes_requests:
            known = [replace(state, asked=write.now.asked) for state in known]
        explained = any(_follows(write, state, may_keep=may_keep) for state in known)
        if write.changes_flags and not explained:
            self.unexplained.append(write)


def _follows(write: Written, state: State, *, may_keep: bool) -> bool:
    """Whether the flags that were written are those of the rules for that state.

    Only what was written counts: a hand may have moved another flag since that state was read.
    """
    return any(_fits(write, state, ruling.effective, may_keep) for ruling in state.rulings())


def _fits(write: Written, state: State, effective: Names, may_keep: bool) -> bool:
    if all((name in effective) == on for name, on in written_flags(write.after).items()):
        return True
    if not may_keep:
        return False
    target = effective | (state.held - effective)
    if (state.held - effective) & INTERFACES:
        target = target - INTERFACES | state.held & INTERFACES
    return all((name in target) == on for name, on in written_flags(write.after).items())


def written_flags(after: Mapping[str, Any]) -> dict[str, bool]:
    """The effective flags among changed fields."""
    on = flags(after, "Effective")
    off = flags({name: not value for name, value in after.items()}, "Effective")
    return dict.fromkeys(on, True) | dict.fromkeys(off, False)


def follow(evidence: Evidence) -> dict[str, Trail]:
    """All users of the troubled org, from the start to the end."""
    trails = {}
    for user_id, record in evidence.start.items():
        first = state_of(record, 0.0)
        trails[user_id] = Trail(dict(record), [first.after(first, own=True, decided=BOTH)])
    for change in evidence.changes:
        if change["id"] in trails:
            own = change["by"] == evidence.own_id and not change.get("automation")
            trails[change["id"]].see(change, own=own, may_keep=bool(evidence.brakes))
    return trails
