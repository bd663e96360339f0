from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import ids

GOLDEN = [
    "0055f000005mc66AAA",
    "001ZM000001n4n5YAA",
    "0015500001QdQWaAAN",
    "7506g00000DhRA2AAN",
    "00Q4C00000B5BugUAF",
    "0015f00002J9YYEAA3",
    "000000000000000AAA",
]
SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)


@pytest.mark.parametrize("golden", GOLDEN)
def test_suffix_of_real_ids(golden: str) -> None:
    assert ids.to_18(golden[:15]) == golden
    assert ids.to_18(golden) == golden


@given(SHORT)
def test_the_suffix_repairs_lost_case(short: str) -> None:
    long = ids.to_18(short)
    assert long is not None
    assert ids.to_18(long.lower()) == long
    assert ids.to_18(long.upper()) == long


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "005",
        "0055f000005mc6",
        "0055f000005mc66AA",
        "0055f000005mc6é",
        None,
        5,
        "0055f000005mc66999",
    ],
)
def test_what_is_no_id(bad: object) -> None:
    assert ids.to_18(bad) is None


def test_made_ids_are_distinct_and_well_formed() -> None:
    made = [ids.make("005", "5f", n) for n in range(5000)]
    assert len(set(made)) == 5000
    assert all(ids.to_18(one) == one for one in made)
    assert made == sorted(made)


def test_ids_are_found_in_a_body() -> None:
    assert ids.in_text('{"id":"0055f000005mc66","x":"0015500001QdQWaAAN"}') == {
        "0055f000005mc66AAA",
        "0015500001QdQWaAAN",
    }
