from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.formula import FormulaError, compile_formula
from simulator.schema.metadata import read_schema
from tests.simulator.running import ROOT

NAMES = {"a__c": "A__c", "text__c": "Text__c"}
LETTERS = {
    "CTI": "C",
    "Freedom": "F",
    "SCV": "S",
    "PBX": "B",
    "Contact_Center": "Q",
    "Record": "R",
    "PCI": "P",
    "Insight": "I",
}
STATE = read_schema(ROOT / "sfdx").objects["user"].field("License_Sync_State__c")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"x"', "x"),
        ("'it\\'s'", "it's"),
        ('IF(A__c, "yes", "no")', "yes"),
        ('if(not(a__c), "yes", "no")', "no"),
        ('"a" & Text__c & "b"', "ab"),
        ("ISBLANK(Text__c)", True),
        ('BLANKVALUE(Text__c, "-")', "-"),
        ('IF("a" & "b" = "ab", "same", "other")', "same"),
        ('IF(Text__c <> "", "some", "none")', "none"),
        ('IF(AND(A__c, TRUE, NOT(FALSE)), "t", "f")', "t"),
        ('IF(OR(FALSE, A__c), "t", "f")', "t"),
        ('CASE(TEXT(Text__c), "x", "1", "", "2", "3")', "2"),
        ('IF(ISPICKVAL(Text__c, ""), "t", "f")', "t"),
        ('"a" /* a comment */ & "b"', "ab"),
        ('""', None),
    ],
)
def test_functions(source: str, expected: object) -> None:
    assert compile_formula(source, NAMES)({"A__c": 1, "Text__c": None}) == expected


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("Nope__c", "Nope__c does not exist"),
        ("FOO(1)", "formula .FOO"),
        ("FOO(A__c)", "unknown function FOO"),
        ("IF(A__c)", "number of arguments"),
        ("IF(A__c,", "formula .IF"),
    ],
)
def test_a_formula_that_cannot_be_read_names_what_is_wrong(source: str, part: str) -> None:
    with pytest.raises(FormulaError, match=part):
        compile_formula(source, NAMES)


def state(requested: set[str], decided: str | None, status: str | None) -> Any:
    assert STATE is not None
    assert STATE.formula is not None
    record = {f"Requested_{name}__c": int(name in requested) for name in LETTERS}
    names = {
        name.lower(): name
        for name in [*record, "License_Sync_Decided__c", "License_Sync_Status__c"]
    }
    formula = compile_formula(STATE.formula, names)
    return formula({**record, "License_Sync_Decided__c": decided, "License_Sync_Status__c": status})


@given(
    st.sets(st.sampled_from(sorted(LETTERS))),
    st.sampled_from(["In sync", "Corrected", "Conflict", "Failed"]),
)
def test_the_state_is_the_status_exactly_while_the_request_is_the_decided_one(
    requested: set[str], status: str
) -> None:
    code = "".join(letter for name, letter in LETTERS.items() if name in requested) or "-"
    assert state(requested, code, status) == status
    assert state(requested ^ {"PBX"}, code, status) == "Waiting"


def test_never_decided() -> None:
    assert state(set(), None, None) is None
    assert state({"Insight"}, None, None) == "Waiting"
