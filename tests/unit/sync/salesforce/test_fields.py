from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model import EVERY, NONE, License, Licenses, UserRecord
from sync.ports.salesforce import RecordWrite
from sync.salesforce.fields import Layout, OddRow, Records, moment

NAMES = ("CTI", "Freedom", "SCV", "PBX", "Contact_Center", "Record", "PCI", "Insight")
FLAGS = [f"{side}_{name}__c" for side in ("Requested", "Effective") for name in NAMES]


def test_a_row_becomes_a_record(org: Any, layout: Layout) -> None:
    row = org.row(
        Requested_CTI__c=True,
        Requested_Contact_Center__c=True,
        Effective_Freedom__c=True,
        License_Sync_Status__c="In sync",
        License_Sync_Message__c="All is well.",
        License_Sync_Decided__c="CQ",
    )
    record = Records(layout).record(row)
    assert record == UserRecord(
        user_id=org.run_as,
        username="zoë.o'neil@acme.example",
        name="Zoë O'Neil",
        active=True,
        requested=record.requested,
        held=record.held,
        in_recording_group=None,
        status="In sync",
        message="All is well.",
        decided="CQ",
        modstamp=datetime(2022, 3, 17, 16, 21, 26, tzinfo=UTC),
        modified_at=datetime(2022, 3, 17, 16, 21, 25, tzinfo=UTC),
        modified_by=org.run_as,
    )
    assert record.requested.on == Licenses.of(License.CTI, License.CONTACT_CENTER)
    assert record.held.on == Licenses.of(License.FREEDOM)
    assert (record.requested.unknown, record.held.unknown) == (NONE, NONE)


@pytest.mark.parametrize("value", [None, ..., "true", 1, 0, [], {}])
@pytest.mark.parametrize("field", FLAGS)
def test_a_flag_that_is_no_boolean_is_unknown_and_alone(
    org: Any, layout: Layout, field: str, value: object
) -> None:
    record = Records(layout).record(org.row(**{field: value}))
    sides = {"Requested": record.requested, "Effective": record.held}
    side = sides.pop(field.split("_")[0])
    assert [layout.requested[n] for n in side.unknown] in (
        [field],
        [field.replace("Effective", "Requested")],
    )
    assert side.on == NONE
    assert all(other.unknown == NONE for other in sides.values())


def test_a_row_without_flags_is_all_unknown(org: Any, layout: Layout) -> None:
    record = Records(layout).record(org.row(**dict.fromkeys(FLAGS, ...)))
    assert record.requested.unknown == record.held.unknown == EVERY


@pytest.mark.parametrize("value", [None, ..., "true", 1])
def test_active_and_recording_group_may_be_unknown(org: Any, layout: Layout, value: object) -> None:
    mapped = replace(layout, recording_group="Group__c")
    record = Records(mapped).record(org.row(IsActive=value, Group__c=value))
    assert (record.active, record.in_recording_group) == (None, None)
    known = Records(mapped).record(org.row(IsActive=False, Group__c=True))
    assert (known.active, known.in_recording_group) == (False, True)


@pytest.mark.parametrize("field", ["Id", "SystemModstamp", "LastModifiedDate"])
@pytest.mark.parametrize("value", [None, ..., 7, "", "yesterday"])
def test_a_row_without_id_or_stamps_is_odd(
    org: Any, layout: Layout, field: str, value: object
) -> None:
    with pytest.raises(OddRow):
        Records(layout).record(org.row(**{field: value}))


@pytest.mark.parametrize("row", [None, [], "x", 7])
def test_what_is_no_object_is_odd(layout: Layout, row: Any) -> None:
    with pytest.raises(OddRow):
        Records(layout).record(row)


def test_ids_become_18_characters(org: Any, layout: Layout) -> None:
    assert Records(layout).record(org.row(org.run_as[:15])).user_id == org.run_as


def test_times_as_rest_prints_them() -> None:
    """0.3 item 14: no colon in the offset."""
    expected = datetime(2022, 3, 17, 16, 21, 26, tzinfo=UTC)
    for text in (
        "2022-03-17T16:21:26.000+0000",
        "2022-03-17T16:21:26Z",
        "2022-03-17T17:21:26+01:00",
    ):
        assert moment(text) == expected
        assert moment(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2022-03-17T16:21:26", "2022-03-17", "", None, 5])
def test_a_time_without_a_zone_is_odd(text: object) -> None:
    with pytest.raises(OddRow):
        moment(text)


def test_a_write_becomes_a_body(layout: Layout) -> None:
    write = RecordWrite(
        "005",
        effective={License.CTI: True, License.CONTACT_CENTER: False},
        status="Corrected",
        message="",
        decided="-",
        requested={License.SCV: False},
    )
    assert Records(layout).body(write) == {
        "Effective_CTI__c": True,
        "Effective_Contact_Center__c": False,
        "Requested_SCV__c": False,
        "License_Sync_Status__c": "Corrected",
        "License_Sync_Message__c": "",
        "License_Sync_Decided__c": "-",
    }


@given(st.dictionaries(st.sampled_from(License), st.booleans()), st.none() | st.text())
def test_a_write_touches_owned_fields_alone(
    effective: dict[License, bool], status: str | None
) -> None:
    from config.layouts import load_layout

    layout = load_layout("user")
    body = Records(layout).body(RecordWrite("005", effective=effective, status=status))
    assert body.keys() <= set(layout.owned)
    assert len(body) == len(effective) + (status is not None)


def test_every_field_is_read_once(layout: Layout) -> None:
    assert len(layout.read) == len(set(layout.read)) == 4 + 3 + 1 + 8 + 8 + 3
    assert set(layout.owned) < set(layout.read)


def test_canonical_texts_tell_layouts_apart_by_what_they_mean(layout: Layout) -> None:
    same = replace(layout, name="other", requested=dict(reversed(list(layout.requested.items()))))
    assert same.canonical() == layout.canonical()
    moved = {**layout.effective, License.CTI: "Held_CTI__c"}
    different = [
        replace(layout, scope={"IsActive": (True,)}),
        replace(layout, object="Seat__c"),
        replace(layout, effective=moved),
        replace(layout, active=None),
        replace(layout, recording_group="G__c"),
    ]
    texts = {one.canonical() for one in [layout, *different]}
    assert len(texts) == 6


@pytest.mark.parametrize(
    ("row", "is_ours"),
    [
        ({"UserType": "Standard"}, True),
        ({"UserType": "AutomatedProcess"}, False),
        ({"UserType": None}, None),
        ({"UserType": ["Standard"]}, None),
        ({}, None),
    ],
)
def test_whose_records_are_ours(
    layout: Layout, row: dict[str, object], is_ours: bool | None
) -> None:
    assert Records(layout).is_ours(row) is is_ours


def test_a_layout_cannot_be_changed(layout: Layout) -> None:
    with pytest.raises(TypeError):
        layout.effective[License.CTI] = "X__c"  # type: ignore[index]
