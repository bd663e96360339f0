"""What a policy may not say together: cycles, what excludes itself, what would slip past a need.

A policy that passes holds the properties of the rules whatever else it says; the proof shows it.
"""

from collections.abc import Mapping

from sync.model import CATALOGUE, NONE, License, Licenses
from sync.policy import Policy, check_feature
from sync.tables import TableReader, dotted


def check_contradictions(reader: TableReader, policy: Policy) -> None:
    """Complain about everything in the policy that contradicts something else in it."""
    _check_names(reader, policy)
    _check_requirements(reader, policy)
    _check_implications(reader, policy)


def _check_names(reader: TableReader, policy: Policy) -> None:
    for need in policy.needs:
        key = dotted("needs", need.license, "feature")
        check_feature(reader, key, need.feature, policy.features)
    for requirement in policy.requires:
        if requirement.unless is not None:
            key = dotted("requires", requirement.license, "unless")
            check_feature(reader, key, requirement.unless, policy.features)


def _check_requirements(reader: TableReader, policy: Policy) -> None:
    direct = {r.license: Licenses.of(r.other) for r in policy.requires}
    _check_cycles(reader, "requires", "requires", direct)
    pair = policy.exclusive.pair if policy.exclusive else NONE
    for name in pair & Licenses.union(direct):
        reader.wrong(
            dotted("requires", name),
            f"{name} is one of exclusive.licenses, which may not require another; remove it",
        )


def _check_cycles(
    reader: TableReader, section: str, verb: str, direct: Mapping[License, Licenses]
) -> None:
    """Complain once about each cycle, at its first license in catalogue order."""
    told = NONE
    for name in CATALOGUE:
        cycle = _path(name, name, direct)
        if cycle and name not in told:
            told |= Licenses.union(cycle)
            way = " -> ".join(cycle)
            reader.wrong(
                dotted(section, name),
                f"{name} {verb} itself ({way}); remove one step",
            )


def _path(
    start: License, end: License, direct: Mapping[License, Licenses]
) -> tuple[License, ...] | None:
    """The shortest way from `start` to `end`, both included."""
    ways: list[tuple[License, ...]] = [(start,)]
    seen = NONE
    for way in ways:
        for step in direct.get(way[-1], NONE):
            if step is end:
                return (*way, step)
            if step not in seen:
                seen |= Licenses.of(step)
                ways.append((*way, step))
    return None


def _check_implications(reader: TableReader, policy: Policy) -> None:
    direct = {i.license: i.others for i in policy.implies}
    _check_cycles(reader, "implies", "implies", direct)
    needs = {n.license: n.feature for n in policy.needs}
    pair = policy.exclusive.pair if policy.exclusive else NONE
    for name in direct:
        with_it = policy.comes_with(name)
        for other in with_it & pair - Licenses.of(name):
            _excluded(reader, _path(name, other, direct) or (), pair)
        for other in with_it:
            if needs.get(other) not in (None, needs.get(name)):
                reader.wrong(
                    dotted("implies", name),
                    f'{other} needs the feature "{needs[other]}" and would come without it; '
                    f"give {name} the same need, or do not imply {other}",
                )
        _check_implied_requirements(reader, policy, name, with_it)


def _excluded(reader: TableReader, way: tuple[License, ...], pair: Licenses) -> None:
    first, last = way[0], way[-1]
    shown = f" ({' -> '.join(way)})" if len(way) > 2 else ""
    if first in pair:
        what = f"implies {last}{shown}, which it excludes; remove {last} here or from exclusive"
    else:
        what = f"implies {last}{shown}, which excludes another license; ask for {last} by itself"
    reader.wrong(dotted("implies", first), f"{first} {what}")


def _check_implied_requirements(
    reader: TableReader, policy: Policy, license: License, with_it: Licenses
) -> None:
    for requirement in policy.requires:
        if requirement.license not in with_it:
            continue
        if requirement.other not in with_it | Licenses.of(license):
            reader.wrong(
                dotted("implies", license),
                f"{requirement.license} requires {requirement.other} and would come without it; "
                f"imply {requirement.other} too, or do not imply {requirement.license}",
            )
