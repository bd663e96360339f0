"""CSV files for spreadsheets, which must not run what a record says."""

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cli.output import plain
from sync.errors import NotAllowed

_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, full width as well.
https://owasp.org/www-community/attacks/CSV_Injection
"""


@contextmanager
def opened(file: Path) -> Iterator[TextIO]:
    """The file for writing, `-` for standard output; NotAllowed says why it cannot be written."""
    if str(file) == "-":
        yield sys.stdout
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as target:
            yield target
    except OSError as error:
        raise NotAllowed(
            f"{plain(str(file))} cannot be written ({error.strerror}): name another file."
        ) from None


def write_rows(target: TextIO, fields: Sequence[str], rows: Iterable[dict[str, object]]) -> int:
    """Write a heading and the rows, a row at a time; how many rows."""
    writer = csv.writer(target)
    writer.writerow(fields)
    count = 0
    for row in rows:
        writer.writerow([csv_cell(row.get(name)) for name in fields])
        count += 1
    return count


def csv_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, and that steers no terminal."""
    if isinstance(value, list):
        value = " ".join(str(part) for part in value)
    text = "" if value is None else plain(str(value))
    return f"'{text}" if text.lstrip().startswith(_STARTS) else text
