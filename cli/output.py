"""How listings look: a table for people, one JSON document for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sync.model import Licenses
from sync.phrases import STEERING
from sync.phrases import age as age
from sync.phrases import counted as counted
from sync.phrases import isoformat as isoformat
from sync.phrases import moment as moment
from sync.phrases import names as names
from sync.phrases import plain as plain

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


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return isoformat(value)
    if isinstance(value, Licenses):
        return value.names
    raise TypeError(f"{value!r} has no JSON form")
