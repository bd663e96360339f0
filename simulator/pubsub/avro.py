"""The Avro schema of an object's change event, and where in it a stored field goes.

Header, namespace and unions: documented or seen in real schemas. The order of the change types
and, but for User's documented fields, that of the body's fields are unconfirmed; so are `int`,
and a time of day as text. Consumers decode with the schema that is served.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from simulator.pubsub.user_event import ORDER, STRINGS
from simulator.schema.model import Field, SObject

NAMESPACE = "com.sforce.eventbus"
CHANGE_TYPES = (
    *("CREATE", "UPDATE", "DELETE", "UNDELETE"),
    *("GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW", "SNAPSHOT"),
)
HEADER = (
    ("entityName", "string"),
    ("recordIds", STRINGS),
    ("changeType", {"type": "enum", "name": "ChangeType", "symbols": CHANGE_TYPES}),
    ("changeOrigin", "string"),
    ("transactionKey", "string"),
    ("sequenceNumber", "int"),
    ("commitTimestamp", "long"),
    ("commitNumber", "long"),
    ("commitUser", "string"),
    ("nulledFields", STRINGS),
    ("diffFields", STRINGS),
    ("changedFields", STRINGS),
)
KINDS = {
    "boolean": "boolean",
    "double": "double",
    "currency": "double",
    "percent": "double",
    "int": "int",
    "date": "long",
    "datetime": "long",
}
LEFT_OUT = frozenset({"Id", "IsDeleted", "SystemModstamp"})
NAME_PARTS = ("Salutation", "FirstName", "LastName")
ADDRESS_PARTS = (
    *("Street", "City", "State", "PostalCode", "Country"),
    *("Latitude", "Longitude", "GeocodeAccuracy"),
)


@dataclass(frozen=True)
class Layout:
    """`json` is what GetSchema answers; `places` has for each stored field where it goes."""

    id: str
    json: str
    places: dict[str, tuple[str, str | None]]


def event_name(sobject: SObject) -> str:
    """`User` has UserChangeEvent, `Seat__c` has Seat__ChangeEvent."""
    stem = sobject.name.removesuffix("c") if sobject.custom else sobject.name
    return f"{stem}ChangeEvent"


def make_layout(sobject: SObject, extra: tuple[str, ...] = ()) -> Layout:
    """`extra` are texts that a test has put in front of the object's own fields."""
    header = {"type": "record", "name": "ChangeEventHeader", "fields": _fields(HEADER)}
    body = dict.fromkeys(extra, "string") | _body(sobject)
    schema = {
        "type": "record",
        "name": event_name(sobject),
        "namespace": NAMESPACE,
        "fields": [
            {"name": "ChangeEventHeader", "type": header},
            *({"name": n, "type": _optional(kind), "default": None} for n, kind in body.items()),
        ],
    }
    text = orjson.dumps(schema).decode()
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    schema_id = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return Layout(schema_id, text, _places(sobject))


def _fields(pairs: Any) -> list[dict[str, Any]]:
    return [{"name": name, "type": kind} for name, kind in pairs]


def _optional(kind: Any) -> list[Any]:
    """Null first. A person's name can be a text, too: it is "switchable"."""
    if isinstance(kind, dict) and kind.get("name") == "Switchable_PersonName":
        return ["null", "string", kind]
    return ["null", kind]


def _body(sobject: SObject) -> dict[str, Any]:
    """Names and types of the body's fields, in their order; custom ones come last."""
    places, own, defined = _places(sobject), dict[str, Any](), set[str]()
    for field in sobject.fields:
        if field.name in places and places[field.name][0] not in own:
            kind = _kind(sobject, field)
            if isinstance(kind, dict):  # a second address refers to the first one's type
                kind = kind["name"] if kind["name"] in defined else kind
                defined.add(kind if isinstance(kind, str) else kind["name"])
            own[places[field.name][0]] = kind
    found = {name: own.pop(name, kind) for name, kind in _order(sobject).items()}
    custom = {f.name for f in sobject.fields if f.custom}
    found |= {name: kind for name, kind in own.items() if name not in custom}
    return found | {name: kind for name, kind in own.items() if name in custom}


def _order(sobject: SObject) -> dict[str, Any]:
    return ORDER if sobject.name == "User" else {}


def _kind(sobject: SObject, field: Field) -> Any:
    if field.compound or field.virtual:
        parts = [(part, _part_kind(part)) for part in ADDRESS_PARTS]
        return _record("Address", parts)
    if _is_person(sobject) and field.name in ("Name", *NAME_PARTS):
        return _record("Switchable_PersonName", [(part, "string") for part in NAME_PARTS])
    return KINDS.get(field.type, "string")


def _record(name: str, parts: list[tuple[str, str]]) -> dict[str, Any]:
    fields = [{"name": n, "type": ["null", kind], "default": None} for n, kind in parts]
    return {"type": "record", "name": name, "fields": fields}


def _part_kind(part: str) -> str:
    return "double" if part in ("Latitude", "Longitude") else "string"


def _is_person(sobject: SObject) -> bool:
    return sobject.field("FirstName") is not None and sobject.field("LastName") is not None


def _places(sobject: SObject) -> dict[str, tuple[str, str | None]]:
    """What is derived, like a whole address or the name put together, goes nowhere."""
    found: dict[str, tuple[str, str | None]] = {}
    for field in sobject.fields:
        if field.name in LEFT_OUT or field.virtual:
            continue
        if field.compound:
            part = next(p for p in ADDRESS_PARTS if field.name.endswith(p))
            found[field.name] = (field.compound, part)
        elif _is_person(sobject) and field.name in NAME_PARTS:
            found[field.name] = ("Name", field.name)
        elif not (_is_person(sobject) and field.name == "Name"):
            found[field.name] = (field.name, None)
    return found
