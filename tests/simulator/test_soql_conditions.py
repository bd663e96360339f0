"""Compiled conditions against a plain reading of the same conditions, over random rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.soql_org import SmallOrg, account_id

Row = dict[str, Any]
Meaning = Callable[[Row], bool]
Condition = tuple[str, Meaning]
NAMES = ["ada", "Ada", "ADA%", "bob", "Äda", "a_a"]
NUMBERS = [-1.0, 0.0, 2.0, 2.5]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "Name": st.none() | st.sampled_from(NAMES),
            "Amount": st.none() | st.sampled_from(NUMBERS),
            "SystemModstamp": st.integers(0, 5).map(lambda n: 1_700_000_000 + n),
        }
    ),
    max_size=8,
)
ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def equal(field: str, value: Any, written: str) -> st.SearchStrategy[Condition]:
    """`!=` finds blanks; so says Salesforce, where SQL would not."""
    return st.sampled_from(
        [
            (f"{field} = {written}", lambda row: folded(row[field]) == folded(value)),
            (f"{field} != {written}", lambda row: folded(row[field]) != folded(value)),
            (
                f"{field} IN ({written}, null)",
                lambda row: folded(row[field]) in (None, folded(value)),
            ),
            (f"{field} NOT IN ({written})", lambda row: folded(row[field]) != folded(value)),
        ]
    )


def ordered(field: str, value: Any, written: str) -> st.SearchStrategy[Condition]:
    def build(operator: str) -> Condition:
        test = ORDER[operator]
        return (
            f"{field} {operator} {written}",
            lambda row: row[field] is not None and test(row[field], value),
        )

    return st.sampled_from(sorted(ORDER)).map(build)


def stamp(seconds: int) -> str:
    return f"2023-11-14T22:13:{20 + seconds}Z"


ATOMS = st.one_of(
    st.sampled_from([n for n in NAMES if "%" not in n]).flatmap(
        lambda n: equal("Name", n, f"'{n}'")
    ),
    st.sampled_from(NUMBERS).flatmap(lambda n: equal("Amount", n, repr(n))),
    st.sampled_from(NUMBERS).flatmap(lambda n: ordered("Amount", n, repr(n))),
    st.integers(0, 5).flatmap(lambda n: equal("SystemModstamp", 1_700_000_000 + n, stamp(n))),
    st.integers(0, 5).flatmap(lambda n: ordered("SystemModstamp", 1_700_000_000 + n, stamp(n))),
)


def joined(word: str, test: Callable[[Any], bool]) -> Callable[[list[Condition]], Condition]:
    def build(parts: list[Condition]) -> Condition:
        text = f" {word} ".join(text for text, _ in parts)
        return f"({text})", lambda row: test(meaning(row) for _, meaning in parts)

    return build


def negated(part: Condition) -> Condition:
    return f"(NOT {part[0]})", lambda row: not part[1](row)


CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(joined("AND", all)),
        st.lists(inner, min_size=2, max_size=3).map(joined("OR", any)),
        inner.map(negated),
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def shared_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOrg]:
    made = SmallOrg(tmp_path_factory.mktemp("conditions"))
    yield made
    made.database.close()


def check(org: SmallOrg, condition: Condition, rows: list[Row]) -> None:
    text, meaning = condition
    org.database.execute('DELETE FROM "so_Account"')
    org.put("account", [{"Id": account_id(n), **row} for n, row in enumerate(rows)])
    expected = [account_id(n) for n, row in enumerate(rows) if meaning(row)]
    assert org.values(f"SELECT Id FROM Account WHERE {text} ORDER BY Id") == expected


@settings(max_examples=300, deadline=None)
@given(condition=CONDITIONS, rows=ROWS)
def test_a_condition_finds_what_it_says(
    shared_org: SmallOrg, condition: Condition, rows: list[Row]
) -> None:
    check(shared_org, condition, rows)


RANGES = st.lists(
    st.integers(0, 5).flatmap(lambda n: ordered("SystemModstamp", 1_700_000_000 + n, stamp(n))),
    min_size=2,
    max_size=3,
).map(joined("OR", any))


@settings(max_examples=100, deadline=None)
@given(condition=RANGES, rows=ROWS)
def test_ranges_of_one_field_joined_by_or_find_what_they_say(
    shared_org: SmallOrg, condition: Condition, rows: list[Row]
) -> None:
    """The compiler adds a bound to such conditions, for speed: it must take nothing away."""
    check(shared_org, condition, rows)
