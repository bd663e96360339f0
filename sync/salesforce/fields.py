"""The only module that knows field names: records in, bodies out, by a layout that is data."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sync.model import Flags, License, Licenses, UserRecord
from sync.ports.salesforce import RecordWrite
from sync.salesforce.ids import to_18

ID = "Id"
MODSTAMP = "SystemModstamp"
MODIFIED_AT = "LastModifiedDate"
MODIFIED_BY = "LastModifiedById"
DELETED = "IsDeleted"
SYSTEM_FIELDS = (ID, MODSTAMP, MODIFIED_AT, MODIFIED_BY)

Row = Mapping[str, Any]
"""A record as Salesforce's JSON has it."""


class OddRow(ValueError):
    """A row that cannot be a record of the layout; the text says what is odd about it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one org keeps what: an object and the API names of its fields.

    `scope` says which records are ours to look after: those whose fields have one of these values
    each. `key_prefix` is how ids of the object begin, None where that differs from org to org.
    `active` and `recording_group` are None where the object has nothing of the kind.
    """

    name: str
    object: str
    scope: Mapping[str, tuple[str | bool, ...]]
    key_prefix: str | None
    username: str
    display_name: str
    active: str | None
    recording_group: str | None
    status: str
    message: str
    decided: str
    requested: Mapping[License, str]
    effective: Mapping[License, str]

    def __post_init__(self) -> None:
        for attribute in ("requested", "effective", "scope"):
            frozen = MappingProxyType(dict(getattr(self, attribute)))
            object.__setattr__(self, attribute, frozen)

    @property
    def owned(self) -> tuple[str, ...]:
        """The fields that license-sync writes by itself."""
        return (*self.effective.values(), self.status, self.message, self.decided)

    @property
    def read(self) -> tuple[str, ...]:
        """Every field that makes up a record, in a fixed order, each once."""
        optional = (self.active, self.recording_group)
        names = (
            *SYSTEM_FIELDS,
            self.username,
            self.display_name,
            *(field for field in optional if field),
            *self.scope,
            *self.requested.values(),
            *self.owned,
        )
        return tuple(dict.fromkeys(names))

    def canonical(self) -> str:
        """One text for all layouts that mean the same, whatever they are called: the scope, the
        object and the fields as JSON. An approval is bound to it.
        """
        meaning = {
            "object": self.object,
            "scope": {field: list(values) for field, values in self.scope.items()},
            "key_prefix": self.key_prefix,
            "username": self.username,
            "name": self.display_name,
            "active": self.active,
            "recording_group": self.recording_group,
            "status": self.status,
            "message": self.message,
            "decided": self.decided,
            "requested": {one.value: field for one, field in self.requested.items()},
            "effective": {one.value: field for one, field in self.effective.items()},
        }
        return json.dumps(meaning, sort_keys=True, separators=(",", ":"))


class Records:
    """Turns rows into records and writes into bodies, for one layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._requested = tuple((field, name.bit) for name, field in layout.requested.items())
        self._effective = tuple((field, name.bit) for name, field in layout.effective.items())

    def record(self, row: Row) -> UserRecord:
        """The record of a row. A flag that is absent, null or no boolean is unknown.

        Raises OddRow without an id or one of the stamps.
        """
        layout = self._layout
        return UserRecord(
            user_id=row_id(row),
            username=_text(row, layout.username) or "",
            name=_text(row, layout.display_name) or "",
            active=_flag(row, layout.active),
            requested=_flags(row, self._requested),
            held=_flags(row, self._effective),
            in_recording_group=_flag(row, layout.recording_group),
            status=_text(row, layout.status),
            message=_text(row, layout.message),
            decided=_text(row, layout.decided),
            modstamp=_moment(row, MODSTAMP),
            modified_at=_moment(row, MODIFIED_AT),
            modified_by=_text(row, MODIFIED_BY),
        )

    def is_ours(self, row: Row) -> bool | None:
        """Whether a row is in the layout's scope; None if a field that says so is not there.

        Hidden is not outside: who is outside is forgotten.
        """
        inside = True
        for field, values in self._layout.scope.items():
            value = row.get(field)
            if not isinstance(value, str | bool):
                return None
            inside = inside and value in values
        return inside

    def body(self, write: RecordWrite) -> dict[str, bool | str]:
        """The fields of a write as Salesforce's JSON has them, without the id."""
        layout = self._layout
        body: dict[str, bool | str] = {}
        for flags, fields in (
            (write.effective, layout.effective),
            (write.requested, layout.requested),
        ):
            body.update({fields[one]: on for one, on in flags.items()})
        texts = {
            layout.status: write.status,
            layout.message: write.message,
            layout.decided: write.decided,
        }
        body.update({field: text for field, text in texts.items() if text is not None})
        return body


def row_id(row: object) -> str:
    """The id of a row, 18 characters; OddRow if there is none."""
    if not isinstance(row, dict):
        raise OddRow("a row is no object")
    try:
        return to_18(row[ID])
    except (KeyError, TypeError, ValueError):
        pass
    raise OddRow("a row has no id")


def moment(text: object) -> datetime:
    """A time as REST prints it (`2022-03-17T16:21:26.000+0000`), aware and UTC; else OddRow."""
    try:
        value = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = None
    if value is None or value.tzinfo is None:
        raise OddRow("a time cannot be read")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _moment(row: Row, field: str) -> datetime:
    try:
        return moment(row[field])
    except KeyError:
        pass
    raise OddRow(f"a row has no {field}")


def _text(row: Row, field: str) -> str | None:
    value = row.get(field)
    return value if isinstance(value, str) else None


def _flag(row: Row, field: str | None) -> bool | None:
    value = None if field is None else row.get(field)
    return value if isinstance(value, bool) else None


def _flags(row: Row, fields: tuple[tuple[str, int], ...]) -> Flags:
    on = unknown = 0
    for field, bit in fields:
        value = row.get(field)
        if value is True:
            on |= bit
        elif value is not False:
            unknown |= bit
    return Flags(Licenses(on), Licenses(unknown))
