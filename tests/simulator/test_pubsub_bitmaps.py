"""Bitmaps of changed fields, beside those that the guide shows."""

from __future__ import annotations

import pytest

from simulator.pubsub.bitmaps import bitmap, bitmaps
from tests.simulator.subscriber import decode

PLACES = {"BillingAddress": (4, {"Street": 0}), "Industry": (11, None)}
PLACES |= {"LastModifiedDate": (22, None)}


@pytest.mark.parametrize(
    ("names", "documented"),
    [
        ({"Industry": None, "LastModifiedDate": None}, ["0x400800"]),
        ({"BillingAddress": ["Street"], "LastModifiedDate": None}, ["0x400000", "4-0x01"]),
    ],
)
def test_bitmaps_are_those_of_the_guide(
    names: dict[str, list[str] | None], documented: list[str]
) -> None:
    assert bitmaps(PLACES, names) == documented


def test_bitmaps_have_whole_bytes_and_large_letters() -> None:
    assert [bitmap([0]), bitmap([7]), bitmap([8]), bitmap([1, 3])] == [
        "0x01",
        "0x80",
        "0x0100",
        "0x0A",
    ]
    assert bitmap([21, 40]) == "0x010000200000"


def test_bitmaps_are_read_as_the_guide_says() -> None:
    street = {"type": "record", "name": "Address", "fields": [{"name": "Street"}]}
    fields = [{"name": f"f{n}", "type": ["null", "string"]} for n in range(23)]
    fields[4] = {"name": "BillingAddress", "type": ["null", street]}
    assert decode(["0x400800"], {"fields": fields}) == ["f11", "f22"]
    assert decode(["0x400000", "4-0x01"], {"fields": fields}) == ["f22", "BillingAddress.Street"]
