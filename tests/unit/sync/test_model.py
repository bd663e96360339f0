"""Sets of licenses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model import (
    CATALOGUE,
    EVERY,
    INTERFACES,
    NONE,
    Decision,
    Finding,
    FindingKind,
    License,
    Licenses,
)

SETS = st.builds(Licenses, st.integers(0, 255))


@given(SETS)
def test_a_set_is_the_same_by_names_code_and_members(licenses: Licenses) -> None:
    assert Licenses.from_names(licenses.names) == licenses
    assert Licenses.from_code(licenses.code) == licenses
    assert Licenses.of(*licenses) == licenses
    assert len(licenses) == len(list(licenses)) == len(licenses.names)
    assert bool(licenses) is (licenses != NONE)


@given(SETS, SETS)
def test_sets_combine_like_sets(a: Licenses, b: Licenses) -> None:
    left, right = set(a), set(b)
    assert set(a | b) == left | right
    assert set(a & b) == left & right
    assert set(a - b) == left - right
    assert set(a ^ b) == left ^ right
    assert {name for name in CATALOGUE if name in a} == left


def test_names_and_letters_are_in_catalogue_order() -> None:
    assert EVERY.code == "CFSBQRPI"
    assert Licenses.from_code("IC").names == ["CTI", "Insight"]
    assert NONE.code == "-"
    assert INTERFACES.names == ["CTI", "Freedom", "SCV"]


def test_each_license_has_a_bit_a_letter_and_a_label_of_its_own() -> None:
    assert sum(name.bit for name in CATALOGUE) == EVERY.bits == 255
    assert "".join(name.letter for name in CATALOGUE) == EVERY.code
    assert [name.label for name in CATALOGUE] == [
        "CTI",
        "Freedom",
        "Service Cloud Voice",
        "Cloud PBX",
        "Contact Center",
        "Record",
        "PCI",
        "Insight",
    ]


def test_what_stands_for_no_license_is_refused() -> None:
    with pytest.raises(ValueError, match="'CX' holds a letter that stands for no license"):
        Licenses.from_code("CX")
    with pytest.raises(ValueError, match="'Freedoms' is not a valid License"):
        Licenses.from_names(["Freedoms"])


def test_the_log_lists_conflicts_and_refusals() -> None:
    conflict, refusal, notice = (
        Finding(kind, "code", Licenses.of(License.CTI), "Why.") for kind in FindingKind
    )
    decision = Decision(NONE, (conflict, refusal, notice))
    assert decision.conflicts == (conflict,)
    assert decision.to_log == (conflict, refusal)
