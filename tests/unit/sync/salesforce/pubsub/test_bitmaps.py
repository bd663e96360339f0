"""Bitmaps of change events: the vendor's published ones, and any other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.salesforce.pubsub.bitmaps import OddBitmap, changed

ACCOUNT = [f"Field{n}" for n in range(40)]
ACCOUNT[4], ACCOUNT[11], ACCOUNT[22] = "BillingAddress", "Industry", "LastModifiedDate"
USER = [f"Field{n}" for n in range(60)]
USER[21], USER[40] = "IsActive", "LastModifiedDate"


@pytest.mark.parametrize(
    ("elements", "names", "expected"),
    [
        (["0x400800"], ACCOUNT, {"Industry", "LastModifiedDate"}),
        (["0x400000", "4-0x01"], ACCOUNT, {"LastModifiedDate", "BillingAddress"}),
        (["0x010000200000"], USER, {"IsActive", "LastModifiedDate"}),
        (["0x00000a"], ACCOUNT, {"Field1", "Field3"}),
        (["4-0x03"], ACCOUNT, {"BillingAddress"}),
        ([], ACCOUNT, set()),
    ],
    ids=["golden", "golden with a part", "of a user", "lower case", "a part alone", "none"],
)
def test_bits_are_fields(elements: list[str], names: list[str], expected: set[str]) -> None:
    assert changed(elements, names) == expected


@given(st.sets(st.integers(0, 59)))
def test_every_set_of_fields_is_read_as_it_is(places: set[int]) -> None:
    bits = f"0x{sum(1 << place for place in places):X}"
    assert changed([bits], USER) == {USER[place] for place in places}


@pytest.mark.parametrize(
    "element", ["", "0x", "Name", "0xZZ", "x-0x01", "0x010000000000000000", "99-0x01", "1-2-0x01"]
)
def test_what_is_no_bitmap_of_this_schema_is_said(element: str) -> None:
    with pytest.raises(OddBitmap):
        changed([element], USER)
