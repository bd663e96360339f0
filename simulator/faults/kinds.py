"""Which kinds of faults there are, and whether an order for one makes sense."""

from __future__ import annotations

import re
from typing import Any

from simulator.faults.errors import FORMS, RECORD_CODES, REFUSALS

RECORD_KINDS = {"row_lock", "record_error"}
FIELD_KINDS = {"hidden_field", "read_only_field", "removed_field"}
STAND_INS = {"html_503", "html", "empty_body", "answer"}
ITEM_KINDS = {"lost_item", "extra_item", "swapped_items", "wrong_id"}
SPOILERS = {*ITEM_KINDS, "other_shape", "wrong_content_type", "truncated_json"}
WIRE_KINDS = {"truncated_csv", "cut_answer", "slow_first_byte", "slow_drip"}
CALL_KINDS = {
    *REFUSALS,
    *STAND_INS,
    *SPOILERS,
    *WIRE_KINDS,
    "error",
    "cut_before",
    "lost_answer",
    "slow_commit",
    "slow_answer",
}
KINDS = {*CALL_KINDS, *RECORD_KINDS, *FIELD_KINDS, "null_record", "no_access"}
NEEDED = {
    "error": ("code",),
    "answer": ("body",),
    **dict.fromkeys(FIELD_KINDS, ("field",)),
    **dict.fromkeys(("slow_commit", "slow_answer", "slow_first_byte", "slow_drip"), ("seconds",)),
}
TYPES: dict[str, type | tuple[type, ...]] = {
    "kind": str,
    "match": dict,
    "count": (int, type(None)),
    "share": (int, float),
    "seed": (int, str),
    "ids": list,
    "seconds": (int, float),
    "status": int,
    "field": str,
    "object": str,
    "code": str,
    "statusCode": str,
    "message": str,
    "content_type": str,
    "committed": bool,
    "body": object,
    "from": (int, float),
    "until": (int, float),
    "after": (int, float),
    "for": (int, float),
    "every": int,
    "calls": list,
}
MATCH_KEYS = {"path", "method", "user"}


def check(order: dict[str, Any]) -> None:
    """A misspelled order must not look like a fault that never strikes: ValueError says what."""
    kind = order.get("kind")
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
    match = order.get("match") or {}
    unknown = set(order) - TYPES.keys() or set(match) - MATCH_KEYS
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
    for key, value in order.items():
        if not isinstance(value, TYPES[key]) and not (key == "match" and value is None):
            raise ValueError(f"{key} is of the wrong type: {value!r}")
    missing = [key for key in NEEDED.get(kind, ()) if order.get(key) in (None, "")]
    if missing:
        raise ValueError(f"this kind needs {', '.join(missing)}")
    _check_code(order)
    _check_numbers(order)
    try:
        re.compile(match.get("path") or "")
    except re.error as error:
        raise ValueError(f"match.path: {error}") from error


def _check_code(order: dict[str, Any]) -> None:
    """Codes come from the table, so that a slip of the pen is no new error of Salesforce's."""
    if order["kind"] == "error" and order["code"] not in FORMS:
        raise ValueError(f"code must be one of {', '.join(sorted(FORMS))}")
    if order["kind"] == "record_error" and order.get("code", "STRING_TOO_LONG") not in RECORD_CODES:
        raise ValueError(f"code must be one of {', '.join(sorted(RECORD_CODES))}")


def _check_numbers(order: dict[str, Any]) -> None:
    if not 0 <= order.get("share", 1) <= 1:
        raise ValueError("share must be a number from 0 to 1")
    if {"from", "until"} & order.keys() and {"after", "for"} & order.keys():
        raise ValueError("either from and until, or after and for")
    if not 200 <= order.get("status", 200) <= 599:
        raise ValueError("status must be one of HTTP")
    if order.get("every", 1) < 1:
        raise ValueError("every must be at least 1")
    if not all(isinstance(n, int) and n > 0 for n in order.get("calls", [])):
        raise ValueError("calls must be ordinals: 1 is the first call")
