"""SOQL text, built only from checked names and escaped literals.

Grammar: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sync.salesforce.ids import to_18

_NAME = re.compile(r"[A-Za-z](?:_{0,2}[A-Za-z0-9])*", re.ASCII)
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
)


def is_name(text: str) -> bool:
    """Whether `text` has the form of an object's or a field's API name."""
    return len(text) <= 80 and _NAME.fullmatch(text) is not None


def name(text: str) -> str:
    """`text`, if it has the form of an API name; ValueError otherwise."""
    if not is_name(text):
        raise ValueError(f"{text!r} is no API name")
    return text


def string(text: str) -> str:
    """A string literal that means exactly `text`."""
    return f"'{text.translate(_ESCAPES)}'"


def record_id(text: str) -> str:
    """An id literal; ValueError for what is no id."""
    return f"'{to_18(text)}'"


def moment(value: datetime) -> str:
    """A datetime literal in whole seconds of UTC (fractions are dropped, no stamp has any).

    Raises ValueError for a datetime without a zone.
    """
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be compared with Salesforce's")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def one_of(field: str, ids: Iterable[str]) -> str:
    """The condition that `field` is one of these ids."""
    return f"{name(field)} IN ({', '.join(map(record_id, ids))})"


def has_value(field: str, values: Sequence[str | bool]) -> str:
    """The condition that `field` has one of these values."""
    literals = (str(v).lower() if isinstance(v, bool) else string(v) for v in values)
    return f"({' OR '.join(f'{name(field)} = {literal}' for literal in literals)})"


def comes_after(modstamp: datetime, last_id: str) -> str:
    """The condition of a keyset scan by (SystemModstamp, Id); every id for `last_id` ""."""
    at = moment(modstamp)
    if not last_id:
        return f"SystemModstamp >= {at}"
    after = f"(SystemModstamp = {at} AND Id > {record_id(last_id)})"
    return f"(SystemModstamp > {at} OR {after})"


def select(
    fields: Sequence[str],
    source: str,
    conditions: Sequence[str] = (),
    order: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """A query. `conditions` are joined by AND and have to be safe already."""
    text = f"SELECT {', '.join(map(name, fields))} FROM {name(source)}"  # noqa: S608
    if conditions:
        text += f" WHERE {' AND '.join(conditions)}"
    if order:
        text += f" ORDER BY {', '.join(map(name, order))}"
    return text if limit is None else f"{text} LIMIT {int(limit)}"
