"""What an event says: whom to look at; and what cannot be read has everybody looked at."""

import json
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.layouts import load_layout
from eventbus.pubsub_api_pb2 import ConsumerEvent, ProducerEvent
from sync.errors import CallFailed, Failure, Remedy
from sync.ports.events import ChangeEvent
from sync.salesforce.pubsub.decoding import Decoder
from sync.salesforce.pubsub.schemas import MOST, OddSchema, Schemas, parse

USER = "005000000000001AAA"
OTHER = "005000000000002AAA"
FIELDS = [
    "ChangeEventHeader",
    "Username",
    "Title",
    "IsActive",
    "Requested_CTI__c",
    "Effective_CTI__c",
]
KINDS = [
    *("CREATE", "UPDATE", "DELETE", "UNDELETE"),
    *("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW", "SNAPSHOT"),
]
LIST = {"type": "array", "items": "string"}
HEADER = {
    "type": "record",
    "name": "ChangeEventHeader",
    "fields": [
        {"name": "entityName", "type": "string"},
        {"name": "recordIds", "type": LIST},
        {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": KINDS}},
        {"name": "commitTimestamp", "type": "long"},
        {"name": "commitUser", "type": "string"},
        {"name": "changedFields", "type": LIST},
    ],
}
SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "UserChangeEvent",
    "namespace": "com.sforce.eventbus",
    "fields": [
        {"name": FIELDS[0], "type": HEADER},
        *({"name": name, "type": ["null", "string"], "default": None} for name in FIELDS[1:]),
    ],
}


def event(**header: Any) -> ConsumerEvent:
    """An event with this header; an update of a request if nothing else is said."""
    full = {
        "entityName": "User",
        "recordIds": [USER],
        "changeType": "UPDATE",
        "commitTimestamp": 1_772_366_400_123,
        "commitUser": OTHER,
        "changedFields": ["0x10"],
        **header,
    }
    payload = BytesIO()
    fastavro.schemaless_writer(payload, fastavro.parse_schema(SCHEMA), {"ChangeEventHeader": full})
    return ConsumerEvent(
        event=ProducerEvent(schema_id="s1", payload=payload.getvalue()), replay_id=b"\x07"
    )


def decode(found: ConsumerEvent, schema: str | None = None, layout: str = "user") -> ChangeEvent:
    text = json.dumps(SCHEMA) if schema is None else schema
    return Decoder(load_layout(layout), Schemas(lambda _: text)).decode(found)


def test_an_edit_says_who_when_and_by_whom() -> None:
    said = decode(event())
    assert (said.user_ids, said.matters, said.everyone) == ((USER,), True, False)
    assert (said.position, said.actor) == (b"\x07", OTHER)
    assert said.committed_at is not None
    assert said.committed_at.isoformat() == "2026-03-01T12:00:00.123000+00:00"


@pytest.mark.parametrize(
    ("bits", "matters"),
    [
        ("0x10", True),
        ("0x20", True),
        ("0x08", True),
        ("0x02", True),
        ("0x04", False),
        ("0x14", True),
    ],
    ids=["request", "effective", "active", "username", "title", "title and request"],
)
def test_a_change_matters_if_it_touches_what_we_read(bits: str, matters: bool) -> None:
    assert decode(event(changedFields=[bits])).matters is matters


@pytest.mark.parametrize(
    ("bits", "is_ours"), [("0x20", True), ("0x24", True), ("0x30", False), ("0x04", True)]
)
def test_a_change_is_ours_if_of_all_that_we_read_it_touches_what_we_write(
    bits: str, is_ours: bool
) -> None:
    assert decode(event(changedFields=[bits])).is_ours is is_ours


def test_where_it_does_not_say_what_was_changed_it_is_not_ours() -> None:
    assert not decode(event(changedFields=[])).is_ours
    assert not decode(event(changeType="GAP_UPDATE", changedFields=["0x20"])).is_ours


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "UPDATE"])
def test_everything_but_an_update_matters(kind: str) -> None:
    assert decode(event(changeType=kind, changedFields=["0x04"])).matters


def test_an_update_that_names_no_field_matters() -> None:
    assert decode(event(changedFields=[])).matters


def test_many_users_in_one_event_are_all_told() -> None:
    assert decode(event(recordIds=[USER, OTHER[:15]])).user_ids == (USER, OTHER)


@pytest.mark.parametrize(
    ("header", "users"),
    [
        ({"changeType": "GAP_OVERFLOW", "recordIds": ["000000000000000AAA"]}, ()),
        ({"recordIds": ["005*"]}, ()),
        ({"recordIds": [USER, "005*"]}, (USER,)),
        ({"recordIds": []}, ()),
        ({"recordIds": ["001000000000001AAA"]}, ()),
    ],
    ids=["overflow", "wildcard", "one and a wildcard", "nobody", "another object's"],
)
def test_where_it_does_not_say_who_everybody_is_looked_at(
    header: dict[str, Any], users: tuple[str, ...]
) -> None:
    said = decode(event(**header))
    assert (said.user_ids, said.matters, said.everyone) == (users, True, True)


@pytest.mark.parametrize("kind", ["UPDATE", "GAP_OVERFLOW"])
def test_another_object_is_none_of_our_business(kind: str) -> None:
    said = decode(event(entityName="Account", changeType=kind, recordIds=["001*"]))
    assert (said.matters, said.everyone, said.position) == (False, False, b"\x07")


UNREADABLE = ChangeEvent(b"\x07", (), matters=True, everyone=True, committed_at=None)


@pytest.mark.parametrize(
    "schema",
    [
        "",
        "[]",
        "{}",
        '{"fields": []}',
        '{"fields": [{"name": "Id", "type": "string"}]}',
        "[" * 9999,
    ],
)
def test_a_schema_that_is_none_has_everybody_looked_at(schema: str) -> None:
    assert decode(event(), schema) == UNREADABLE


def test_bits_beyond_the_schema_have_everybody_looked_at() -> None:
    assert decode(event(changedFields=["0x40"])) == UNREADABLE


@settings(max_examples=200)
@given(st.binary(max_size=80))
def test_no_payload_ends_the_stream(payload: bytes) -> None:
    found = event()
    found.event.payload = payload
    said = decode(found)
    assert said.position == b"\x07"
    assert said == UNREADABLE or said.user_ids or said.everyone or not said.matters


def test_what_follows_the_header_is_not_needed() -> None:
    found = event()
    found.event.payload = found.event.payload[: -len(FIELDS) + 1]
    assert decode(found).user_ids == (USER,)


def test_a_schema_is_read_once() -> None:
    asked: list[str] = []

    def fetch(schema_id: str) -> str:
        asked.append(schema_id)
        return json.dumps(SCHEMA)

    decoder = Decoder(load_layout("user"), Schemas(fetch))
    for _ in range(3):
        decoder.decode(event())
    assert asked == ["s1"]


def test_schemas_that_are_not_used_any_more_make_room() -> None:
    asked: list[str] = []

    def fetch(schema_id: str) -> str:
        asked.append(schema_id)
        return json.dumps(SCHEMA)

    schemas = Schemas(fetch)
    for number in range(MOST):
        schemas.get(str(number))
    schemas.get("0")
    schemas.get("one more")
    schemas.get("0")
    assert asked.count("0") == 1
    schemas.get("1")
    assert asked.count("1") == 2


def test_a_schema_that_cannot_be_had_now_is_no_unreadable_event() -> None:
    def away(_: str) -> str:
        raise CallFailed(Failure("bus_unavailable", "Away.", Remedy.RETRY))

    with pytest.raises(CallFailed):
        Decoder(load_layout("user"), Schemas(away)).decode(event())


def test_a_schema_without_the_header_first_is_said() -> None:
    moved = {**SCHEMA, "fields": [*SCHEMA["fields"][1:], SCHEMA["fields"][0]]}
    with pytest.raises(OddSchema, match="ChangeEventHeader"):
        parse(json.dumps(moved))
