"""The license rules: what a request is granted, and what is said about it. Pure.

Each rule is one small function, in the order of `RULES`. The README has a table of the same names
in the same order. What differs by customer or year is the policy's data and not decided here.
Sets of licenses are ints inside, one bit for each license, because this is called for every user.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sync.findings import KEPT_FOR_SWAP, finding
from sync.model import EVERY, Decision, FindingKind, Flags, License, Licenses
from sync.policy import (
    HOLD,
    INTERFACE_WITHOUT_PBX,
    PREFER,
    RECORD_NEEDS_GROUP,
    RELEASE,
    Policy,
    removed_code,
)

_MEMO_LIMIT = 1 << 17
_ACTIVE = 1 << 24
_OUTSIDE_GROUP = 1 << 25
_KINDS = tuple(FindingKind)


@dataclass(frozen=True, slots=True)
class Case:
    """What a decision depends on, besides the policy and the org's features."""

    requested: Flags
    held: Flags
    active: bool = True
    in_recording_group: bool | None = None


class Draft:
    """A decision in the making. `granted` starts as what is requested."""

    __slots__ = (
        "active",
        "granted",
        "held",
        "outside_group",
        "requested",
        "said",
        "unknown",
    )

    def __init__(self, key: int) -> None:
        self.requested = self.granted = key & 0xFF
        self.held = key >> 8 & 0xFF
        self.unknown = key >> 16 & 0xFF
        self.active = bool(key & _ACTIVE)
        self.outside_group = bool(key & _OUTSIDE_GROUP)
        self.said: dict[str, int] = {}


class Rulebook:
    """The rules in force for one org: a policy, and the features that the org has."""

    def __init__(
        self, policy: Policy, features: Iterable[str] = (), memory: int = _MEMO_LIMIT
    ) -> None:
        """PolicyError for a feature that the policy does not know.

        `memory` is how many cases are remembered: all that differ for the rules, by default.
        """
        self.policy = policy
        self.features = policy.features_of(features)
        self.version = "+".join((policy.version, *sorted(self.features)))
        self._compiled = _Compiled(policy, self.features)
        self._memory = memory
        self._memo: dict[int, Decision] = {}
        self._decisions: dict[tuple[object, ...], Decision] = {}

    def decide(self, case: Case) -> Decision:
        """What the record must hold, and why."""
        requested = case.requested.on.bits
        looked_at = self._compiled.held_that_matters
        if not case.active:
            looked_at |= requested
        unknown = case.requested.unknown.bits | case.held.unknown.bits
        key = requested | (case.held.on.bits & looked_at) << 8 | unknown << 16
        if case.active:
            key |= _ACTIVE
        if case.in_recording_group is False:
            key |= _OUTSIDE_GROUP
        decision = self._memo.get(key)
        if decision is None:
            decision = self._decide(key)
            if len(self._memo) >= self._memory:
                self._memo.clear()
            if self._memory:
                self._memo[key] = decision
        return decision

    def _decide(self, key: int) -> Decision:
        draft = Draft(key)
        for rule in RULES:
            if rule(self._compiled, draft):
                break
        outcome = (draft.granted, draft.unknown, *draft.said.items())
        decision = self._decisions.get(outcome)
        if decision is None:
            if len(self._decisions) >= _MEMO_LIMIT:
                self._decisions.clear()
            decision = self._decisions[outcome] = self._worded(draft)
        return decision

    def _worded(self, draft: Draft) -> Decision:
        granted = Licenses(draft.granted)
        findings = [
            finding(self.policy, code, Licenses(bits), granted) for code, bits in draft.said.items()
        ]
        findings.sort(key=lambda said: _KINDS.index(said.kind))
        return Decision(None if draft.unknown else granted, tuple(findings))


class _Compiled:
    """A policy as it applies to an org with these features, in bits."""

    def __init__(self, policy: Policy, features: frozenset[str]) -> None:
        exclusive = policy.exclusive
        hints = {hint.code: hint for hint in policy.hints}
        self.releases = policy.inactive == RELEASE
        self.barred = [(n.license.bit, n.code) for n in policy.needs if n.feature not in features]
        self.requirements = [
            (r.license.bit, r.other.bit, r.code)
            for r in policy.requires
            if r.unless not in features
        ]
        self.implications = [
            (i.license.bit, policy.comes_with(i.license).bits, removed_code(i.license))
            for i in policy.implies
        ]
        self.with_implied = [self._with_implied(bits) for bits in range(EVERY.bits + 1)]
        self.pair = exclusive.pair.bits if exclusive else 0
        self.kept_for_swap = exclusive.keep_for_swap.bits if exclusive else 0
        # What else is held only matters where it was requested by someone inactive.
        self.held_that_matters = self.pair | self.related()
        self.barred_bits = sum(bit for bit, _ in self.barred)
        self.preferred = 0
        if policy.on_conflict != HOLD:
            self.preferred = License(policy.on_conflict.removeprefix(PREFER)).bit
        interface = hints.get(INTERFACE_WITHOUT_PBX)
        self.interfaces = interface.any_of.bits if interface else 0
        self.phone_system = interface.without.bit if interface and interface.without else 0
        group = hints.get(RECORD_NEEDS_GROUP)
        self.recorded = group.any_of.bits if group else 0

    def related(self) -> int:
        bits = 0
        for bit, implied, _ in self.implications:
            bits |= bit | implied
        return bits

    def _with_implied(self, bits: int) -> int:
        for bit, implied, _ in self.implications:
            if bits & bit:
                bits |= implied
        return bits


# The rules. A rule that returns True has the last word.


def unknown_flags(_: _Compiled, draft: Draft) -> bool:
    """Nothing is written to a record with a flag that cannot be read."""
    if draft.unknown:
        draft.said["unknown"] = draft.unknown
    return bool(draft.unknown)


def release_inactive(rules: _Compiled, draft: Draft) -> bool:
    """Under `inactive = "release"`, who is inactive has nothing."""
    if draft.active or not rules.releases:
        return False
    if draft.granted:
        draft.said["released_inactive"] = draft.granted
        draft.granted = 0
    return True


def refuse_inactive(_: _Compiled, draft: Draft) -> None:
    """Under `inactive = "keep"`, who is inactive gets nothing new."""
    new = draft.granted & ~draft.held
    if new and not draft.active:
        draft.said["inactive"] = new
        draft.granted &= ~new


def refuse_without_feature(rules: _Compiled, draft: Draft) -> None:
    """A license that needs a feature is not for an org without it."""
    if not draft.granted & rules.barred_bits:
        return
    for bit, code in rules.barred:
        if draft.granted & bit:
            draft.said[code] = draft.said.get(code, 0) | bit
            draft.granted &= ~bit


def keep_for_swap(rules: _Compiled, draft: Draft) -> None:
    """What is held stays where it was to be swapped for what the org may not have."""
    kept = rules.kept_for_swap & draft.held & ~draft.requested & ~rules.barred_bits
    swapped_for = rules.pair & ~kept & draft.requested & rules.barred_bits
    if kept and swapped_for and draft.active:
        draft.said[KEPT_FOR_SWAP] = kept
        draft.granted |= kept


def open_conflict(rules: _Compiled, draft: Draft) -> None:
    """Of two that exclude each other, what is held stays until a person has decided."""
    pair = rules.pair
    if not pair or draft.granted & pair != pair:
        return
    held = draft.held & pair
    draft.said["both_held" if held == pair else "mutually_exclusive"] = pair
    draft.granted = draft.granted & ~pair | (rules.preferred or held)


def refuse_without_license(rules: _Compiled, draft: Draft) -> None:
    """A license that requires another is not granted without it."""
    missing = -1
    while missing:
        missing = 0
        there = rules.with_implied[draft.granted]
        for bit, other, code in rules.requirements:
            if draft.granted & bit and not there & other:
                draft.said[code] = draft.said.get(code, 0) | bit
                missing |= bit
        draft.granted &= ~missing


def grant_implied(rules: _Compiled, draft: Draft) -> None:
    """What a granted license implies comes with it, whatever was said against it before."""
    implied = rules.with_implied[draft.granted] & ~draft.granted
    if not implied:
        return
    draft.granted |= implied
    draft.said["implied"] = implied
    refused = draft.said.get("inactive", 0)
    if refused & ~implied:
        draft.said["inactive"] = refused & ~implied
    elif refused:
        del draft.said["inactive"]


def remove_implied(rules: _Compiled, draft: Draft) -> None:
    """What came with a license that is held and no longer requested goes with it."""
    gone = draft.held & ~draft.requested & ~draft.granted
    for bit, implied, code in rules.implications:
        if gone & bit and gone & implied:
            draft.said[code] = gone & implied


def hint_at_phone_system(rules: _Compiled, draft: Draft) -> None:
    """An interface without the phone system is granted, and worth a word."""
    if draft.granted & rules.interfaces and not draft.granted & rules.phone_system:
        draft.said[INTERFACE_WITHOUT_PBX] = rules.phone_system


def hint_at_recording_group(rules: _Compiled, draft: Draft) -> None:
    """Recording outside a recording group is granted, and worth a word."""
    recorded = draft.granted & rules.recorded
    if recorded and draft.outside_group:
        draft.said[RECORD_NEEDS_GROUP] = recorded


Rule = Callable[[_Compiled, Draft], bool | None]

RULES: tuple[Rule, ...] = (
    unknown_flags,
    release_inactive,
    refuse_inactive,
    refuse_without_feature,
    keep_for_swap,
    open_conflict,
    refuse_without_license,
    grant_implied,
    remove_implied,
    hint_at_phone_system,
    hint_at_recording_group,
)
