"""Lets SQLite begin where a keyset page begins.

`(SystemModstamp = x AND Id > y) OR SystemModstamp > x` says, without saying it, that
SystemModstamp is at least x. Said aloud, the index is entered at x, not at its beginning.
"""

from __future__ import annotations

from simulator.soql.syntax import Compare, Condition, Junction, Literal, Path

Floors = dict[tuple[str, ...], Literal]
RISING = ("=", ">", ">=")
ORDERED = ("datetime", "date", "number")


def implied_floors(junction: Junction) -> list[Compare]:
    """The lower bounds that hold in every branch of an OR."""
    first, *others = [_floors(branch) for branch in junction.conditions]
    shared = [names for names in first if all(names in other for other in others)]
    return [_lowest([branch[names] for branch in (first, *others)], names) for names in shared]


def _floors(condition: Condition) -> Floors:
    match condition:
        case Compare(Path() as left, operator, literal) if operator in RISING:
            comparable = literal.kind in ORDERED
            return {tuple(n.lower() for n in left.names): literal} if comparable else {}
        case Junction(word="AND", conditions=parts):
            return {names: literal for part in parts for names, literal in _floors(part).items()}
        case _:
            return {}


def _lowest(literals: list[Literal], names: tuple[str, ...]) -> Compare:
    lowest = min(literals, key=lambda literal: (literal.kind, literal.value))
    return Compare(Path(names, lowest.place), ">=", lowest)
