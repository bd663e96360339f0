"""What a policy may say: the rules of one customer or year, as data.

`policy_file.parse` makes one and `policy_checks` looks for contradictions, so that the rules never
meet a policy that is wrong in itself. Nothing here reads a file.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sync.errors import SyncError
from sync.model import NONE, License, Licenses
from sync.tables import TableReader

HOLD = "hold"
PREFER = "prefer:"
KEEP = "keep"
RELEASE = "release"
INACTIVE = (KEEP, RELEASE)

NEED_CODES = ("not_enabled", "not_in_use")
INTERFACE_WITHOUT_PBX = "interface_without_pbx"
RECORD_NEEDS_GROUP = "record_needs_group"


class PolicyError(SyncError):
    """A policy, or what an org asks of it, is wrong. One sentence with the mend per problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True, slots=True)
class Need:
    """`license` is refused with `code` to an org without `feature`."""

    license: License
    feature: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """`license` is refused with `code` without `other`, unless the org has the feature `unless`."""

    license: License
    other: License
    unless: str | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Implication:
    """Whoever is granted `license` gets `others` with it."""

    license: License
    others: Licenses


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Nobody may have both of `pair`.

    One of `keep_for_swap` that is held and no longer requested stays, where the other one is
    requested and the org may not have it.
    """

    pair: Licenses
    keep_for_swap: Licenses


@dataclass(frozen=True, slots=True)
class Hint:
    """Worth knowing when one of `any_of` is granted: without `without`, or outside a group."""

    code: str
    any_of: Licenses
    without: License | None
    message: str


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules as data; everything in catalogue order. Made by `policy_file.parse`."""

    name: str
    on_conflict: str
    inactive: str
    features: tuple[tuple[str, bool], ...]
    needs: tuple[Need, ...]
    requires: tuple[Requirement, ...]
    implies: tuple[Implication, ...]
    exclusive: Exclusion | None
    hints: tuple[Hint, ...]

    def with_options(
        self, *, on_conflict: str | None = None, inactive: str | None = None
    ) -> "Policy":
        """The same rules with another answer to a conflict, or for inactive users."""
        reader = TableReader(f"policy {self.name}")
        changed = replace(
            self,
            on_conflict=self.on_conflict if on_conflict is None else on_conflict,
            inactive=self.inactive if inactive is None else inactive,
        )
        check_options(reader, changed)
        finish(reader)
        return changed

    def features_of(self, given: Iterable[str]) -> frozenset[str]:
        """The features that are on for an org: the policy's defaults and the org's own."""
        reader = TableReader(f"policy {self.name}")
        names = list(dict.fromkeys(given))
        for name in names:
            check_feature(reader, "features", name, self.features)
        finish(reader)
        return frozenset(names).union(name for name, default in self.features if default)

    def canonical(self) -> str:
        """The meaning as text, the same for every way to write the policy down."""
        return json.dumps(self.meaning(), sort_keys=True, separators=(",", ":"))

    def meaning(self) -> dict[str, object]:
        """What the policy says, in plain values. Its name means nothing."""
        exclusive = self.exclusive and [
            self.exclusive.pair.names,
            self.exclusive.keep_for_swap.names,
        ]
        return {
            "on_conflict": self.on_conflict,
            "inactive": self.inactive,
            "features": dict(self.features),
            "needs": {n.license: [n.feature, n.code, n.message] for n in self.needs},
            "requires": {r.license: [r.other, r.unless, r.code, r.message] for r in self.requires},
            "implies": {i.license: i.others.names for i in self.implies},
            "exclusive": exclusive,
            "warnings": {w.code: [w.any_of.names, w.without, w.message] for w in self.hints},
        }

    @property
    def version(self) -> str:
        """The name and what it meant at the time: goes with every decision."""
        return f"{self.name}@{hashlib.sha256(self.canonical().encode()).hexdigest()[:8]}"

    def comes_with(self, license: License) -> Licenses:
        """Everything that `license` implies, at any remove."""
        return _reachable(license, {i.license: i.others for i in self.implies})


def conflict_options(exclusive: Exclusion | None) -> tuple[str, ...]:
    """What may be done about a conflict until a person has decided."""
    return (HOLD, *(PREFER + name for name in (exclusive.pair if exclusive else NONE)))


def needs_code(license: License) -> str:
    """The code of a refusal for want of `license`."""
    return f"needs_{_snake(license)}"


def removed_code(license: License) -> str:
    """The code of the notice that something left together with `license`."""
    return f"removed_with_{_snake(license)}"


def _snake(license: License) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", license.value).lower()


def _reachable(start: License, direct: Mapping[License, Licenses]) -> Licenses:
    reached, ahead = NONE, direct.get(start, NONE)
    while ahead - reached:
        reached |= ahead
        ahead = Licenses.union(o for name in reached for o in direct.get(name, NONE))
    return reached


def finish(reader: TableReader) -> None:
    """PolicyError when anything was wrong."""
    if reader.problems:
        raise PolicyError(reader.problems)


def check_options(reader: TableReader, policy: Policy) -> None:
    """Complain about an answer to conflicts or inactivity that the policy does not know."""
    reader.choice("inactive", policy.inactive, INACTIVE, "value")
    options = conflict_options(policy.exclusive)
    reader.choice("on_conflict", policy.on_conflict, options, "value")


def check_feature(
    reader: TableReader, key: str, name: str, features: tuple[tuple[str, bool], ...]
) -> None:
    """Complain about a feature that the policy does not declare."""
    known = [known for known, _ in features]
    if known:
        reader.choice(key, name, known, "feature")
    else:
        reader.wrong(key, f'unknown feature "{name}"; declare it under [features]')
