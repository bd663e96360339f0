"""JSON values in and out of storage, with the refusals that Salesforce gives.

Stored: checkboxes as 0 and 1, datetimes as whole seconds, dates as `2026-05-06`, times as
`14:30:00.000Z`, numbers rounded to the scale of the field, a multi-picklist as its values
with semicolons between them, a reference as 18 characters, text trimmed, blank as NULL.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import orjson

from simulator.clock import parse_iso, rest_datetime
from simulator.errors import ApiError, parser_error
from simulator.ids import to_18
from simulator.schema.model import Field

Converter = Callable[[Any], Any]
Conversion = Callable[[Field, Any], Any]
EMAIL = re.compile(r"[^\s@,;<>()\[\]\\\"]+@[^\s@,;<>()\[\]\\\".]+(\.[^\s@,;<>()\[\]\\\".]+)*")
KINDS: dict[type, str] = {
    str: "STRING",
    int: "NUMBER_INT",
    float: "NUMBER_FLOAT",
    type(None): "NULL",
}
LARGEST = 18  # digits of a number whose field declares no precision


def to_json(field: Field) -> Converter | None:
    """How a stored value is printed; None when it is printed as it is."""
    if field.type == "boolean":
        return bool
    if field.type == "datetime":
        return lambda value: None if value is None else rest_datetime(value)
    if field.virtual:
        return lambda value: None if value is None else orjson.loads(value)
    return None


def to_stored(field: Field, value: Any) -> Any:
    """Checks a value of a request body and gives what is stored."""
    if field.type == "boolean":
        return _boolean(field, value)
    if value is None or value == "":
        _blank(field)
        return None
    convert: Conversion = CONVERSIONS.get(field.type, _text)
    return convert(field, value)


def wrong_type(field: Field, value: Any, wanted: str) -> ApiError:
    """Real wording; where in the body the value stands is not worked out."""
    kind = "TRUE" if value is True else "FALSE" if value is False else KINDS.get(type(value))
    told = f"VALUE_{kind} value {value}" if kind else "START_OBJECT"
    return parser_error(
        f"Cannot deserialize instance of {wanted} from {told} or request may be missing a "
        f"required field at [line:1, column:1] ({field.name})"
    )


def malformed_id(label: str, value: object, field: str) -> ApiError:
    message = f"{label}: id value of incorrect type: {value}"
    return ApiError(400, "MALFORMED_ID", message, [field])


def _boolean(field: Field, value: Any) -> int:
    """A checkbox is never null. That null is refused, not read as false, is unconfirmed."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        value = value.lower() == "true"
    if not isinstance(value, bool):
        raise wrong_type(field, value, "boolean")
    return int(value)


def _blank(field: Field) -> None:
    if not field.nillable:
        raise required([field.name])


def required(names: list[str]) -> ApiError:
    message = f"Required fields are missing: [{', '.join(names)}]"
    return ApiError(400, "REQUIRED_FIELD_MISSING", message, names)


def _reference(field: Field, value: Any) -> str:
    long = to_18(value)
    if long is None:
        raise malformed_id(field.label, value, field.name)
    return long


def _datetime(field: Field, value: Any) -> int:
    seconds = parse_iso(value) if isinstance(value, str) else None
    if seconds is None:
        raise wrong_type(field, value, "datetime")
    return seconds


def _date(field: Field, value: Any) -> str:
    """A date, or the date of a datetime (that it is taken in its own zone is unconfirmed)."""
    try:
        return date.fromisoformat(value.partition("T")[0]).isoformat()
    except (AttributeError, ValueError):
        raise wrong_type(field, value, "date") from None


def _time(field: Field, value: Any) -> str:
    try:
        parsed = time.fromisoformat(value.removesuffix("Z"))
    except (AttributeError, ValueError):
        raise wrong_type(field, value, "time") from None
    return parsed.replace(tzinfo=None).isoformat("milliseconds") + "Z"


def _whole(field: Field, value: Any) -> int:
    number = _number_of(field, value, "int")
    if number != number.to_integral_value():
        raise wrong_type(field, value, "int")
    if abs(number) >= 10 ** (field.precision or LARGEST):
        raise _out_of_range(field, value)
    return int(number)


def _number(field: Field, value: Any) -> float:
    """Rounded to the scale, away from zero at the half (the rounding is unconfirmed)."""
    number = _number_of(field, value, "double")
    if abs(number) >= 10 ** ((field.precision or LARGEST) - field.scale):
        raise _out_of_range(field, value)
    return float(number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _number_of(field: Field, value: Any, wanted: str) -> Decimal:
    """Numbers in quotes are taken, as the CSV of a bulk job has them."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong_type(field, value, wanted)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise wrong_type(field, value, wanted) from None
    if not math.isfinite(number):
        raise wrong_type(field, value, wanted)
    return number


def _out_of_range(field: Field, value: Any) -> ApiError:
    message = f"{field.label}: value outside of valid range on numeric field: {value}"
    return ApiError(400, "NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise wrong_type(field, value, "string")
    trimmed: str = value.strip()
    if not trimmed:
        _blank(field)
        return None
    if field.restricted:
        _check_choices(field, [trimmed])
    if len(trimmed) > field.length:
        shown = trimmed[: field.length]
        message = f"{field.label}: data value too large: {shown} (max length={field.length})"
        raise ApiError(400, "STRING_TOO_LONG", message, [field.name])
    return trimmed


def _choices(field: Field, value: Any) -> str | None:
    """Values of a multi-picklist: each once, in the order of the field's list."""
    text = _text(_unrestricted(field), value)
    if text is None:
        return None
    chosen = list(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    if field.restricted:
        _check_choices(field, chosen)
    order = {value: n for n, value in enumerate(field.picklist)}
    return ";".join(sorted(chosen, key=lambda c: order.get(c, len(order)))) or None


def _unrestricted(field: Field) -> Field:
    return Field(field.name, field.type, field.label, field.length, field.nillable)


def _check_choices(field: Field, chosen: list[str]) -> None:
    bad = next((value for value in chosen if value not in field.picklist), None)
    if bad is not None:
        message = f"{field.label}: bad value for restricted picklist field: {bad}"
        raise ApiError(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])


def _email(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if text is not None and not EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise ApiError(400, "INVALID_EMAIL_ADDRESS", message, [field.name])
    return text


CONVERSIONS: dict[str, Conversion] = {
    "reference": _reference,
    "datetime": _datetime,
    "date": _date,
    "time": _time,
    "int": _whole,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "multipicklist": _choices,
    "email": _email,
}
