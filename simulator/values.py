"""JSON values in and out of storage, with the refusals that Salesforce gives.

Stored: checkboxes as 0 and 1, datetimes as whole seconds, text trimmed, blank as NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.clock import parse_iso, rest_datetime
from simulator.errors import ApiError
from simulator.ids import to_18
from simulator.schema.model import Field

Converter = Callable[[Any], Any]


def to_json(field: Field) -> Converter | None:
    """How a stored value is printed; None when it is printed as it is."""
    if field.type == "boolean":
        return bool
    if field.type == "datetime":
        return lambda value: None if value is None else rest_datetime(value)
    return None


def to_stored(field: Field, value: Any) -> Any:
    """Checks a value of a request body and gives what is stored."""
    if field.type == "boolean":
        return _boolean(field, value)
    if value is None or value == "":
        return _blank(field)
    if field.type == "reference":
        return _reference(field, value)
    if field.type == "datetime":
        return _datetime(field, value)
    if field.type == "double":
        return value if isinstance(value, int | float) else _wrong_type(field, value, "double")
    return _text(field, value)


def _wrong_type(field: Field, value: Any, wanted: str) -> Any:
    kind = {
        str: "STRING",
        bool: "TRUE",
        int: "NUMBER_INT",
        float: "NUMBER_FLOAT",
        type(None): "NULL",
    }.get(type(value), "OBJECT")
    raise ApiError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {wanted} from VALUE_{kind} value {value} ({field.name})",
    )


def _boolean(field: Field, value: Any) -> int:
    """A checkbox is never null. That null is refused, not read as false, is unconfirmed."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        _wrong_type(field, value, "boolean")
    return int(value)


def _blank(field: Field) -> None:
    if not field.nillable:
        raise ApiError(
            400,
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{field.name}]",
            [field.name],
        )


def _reference(field: Field, value: Any) -> str:
    long = to_18(value)
    if long is None:
        raise ApiError(
            400, "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name]
        )
    return long


def _datetime(field: Field, value: Any) -> int:
    seconds = parse_iso(value) if isinstance(value, str) else None
    return seconds if seconds is not None else int(_wrong_type(field, value, "datetime"))


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        _wrong_type(field, value, "string")
    trimmed: str = value.strip()
    if field.restricted and trimmed not in field.picklist:
        message = f"{field.label}: bad value for restricted picklist field: {trimmed}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    if len(trimmed) > field.length:
        shown = trimmed[: field.length]
        message = f"{field.label}: data value too large: {shown} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    return trimmed or None
