"""How listings look: a table for people, one JSON document for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sync.model import Licenses
from sync.rows import isoformat as isoformat
from sync.spreadsheet import STEERING
from sync.spreadsheet import plain as plain

UNFOLDED = 10_000
"""Columns where nobody looks at a terminal: a line that is searched or cut must stay one line."""

console = Console(width=None if sys.stdout.isatty() else UNFOLDED)
errors = Console(stderr=True)

Cell = str | Text


def print_json(value: object, indent: int | None = 1) -> None:
    """One JSON document on standard output; on one line without an indent."""
    sys.stdout.write(_json(value, indent) + "\n")


def print_json_array(rows: Iterable[object]) -> None:
    """A JSON array, a row at a time: the log may be long."""
    separator = "["
    for row in rows:
        sys.stdout.write(separator + _json(row, None))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[" else "]\n")


def _json(value: object, indent: int | None) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_plain, indent=indent)
    return text.translate(_ESCAPED)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], empty: str) -> None:
    """A table; `empty` is the sentence said instead when there are no rows.

    Cells are data, so that a name with brackets is not read as markup.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    count = 0
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
        count += 1
    console.print(table if count else empty)


_ESCAPED = {code: f"\\u{code:04x}" for code in STEERING if code >= 127}
"""In JSON the rest is escaped already."""


def say(sentence: str) -> None:
    """A sentence for a person, as it is."""
    console.print(Text(plain(sentence)), soft_wrap=True)


def warn(text: str) -> None:
    """What went wrong, on standard error: a sentence a line."""
    for sentence in text.split("\n"):
        errors.print(Text(plain(sentence)), soft_wrap=True)


def names(licenses: Licenses) -> str:
    """Licenses for people, in catalogue order; a dash for none."""
    return ", ".join(license.label for license in licenses) or "–"


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural where it is one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def moment(time: datetime | None) -> str:
    """A time for people: UTC, to the second."""
    return "–" if time is None else f"{time:%Y-%m-%d %H:%M:%S}Z"


def age(time: datetime | None, now: datetime) -> str:
    """How long ago that was, for people; a dash if it never was."""
    if time is None:
        return "–"
    seconds = max(0, int((now - time).total_seconds()))
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


_UNITS = (("days", 86400), ("h", 3600), ("min", 60))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return isoformat(value)
    if isinstance(value, Licenses):
        return value.names
    raise TypeError(f"{value!r} has no JSON form")
