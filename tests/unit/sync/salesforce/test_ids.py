import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.salesforce.ids import to_18

REAL = (
    "0055f000005mc66AAA",
    "001ZM000001n4n5YAA",
    "0015500001QdQWaAAN",
    "7506g00000DhRA2AAN",
    "00Q4C00000B5BugUAF",
    "0015f00002J9YYEAA3",
    "000000000000000AAA",
)


@pytest.mark.parametrize("whole", REAL)
def test_real_ids_get_the_suffix_that_salesforce_gave_them(whole: str) -> None:
    assert to_18(whole[:15]) == whole
    assert to_18(whole) == whole


@pytest.mark.parametrize(
    "bad",
    ["", "005", "0055f000005mc66A", "0055f000005mc66AAB", "0055F000005MC66AAA", "0055f000005mc6'",
     "0055f000005mc66AAA\n", "\u0660055f000005mc66", "0055f000005mc66aaa"],
)  # fmt: skip
def test_what_is_no_id_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="is no Salesforce id"):
        to_18(bad)


@given(st.from_regex(r"[A-Za-z0-9]{15}", fullmatch=True))
def test_ids_that_differ_in_case_alone_differ_without_case(stem: str) -> None:
    other = stem.swapcase()
    if other != stem:
        assert to_18(stem).lower() != to_18(other).lower()
