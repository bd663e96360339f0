"""Rows as CSV for spreadsheets, which must not run what a record says."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sync.phrases import plain

_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, full width as well.
https://owasp.org/www-community/attacks/CSV_Injection
"""


def csv_lines(fields: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """A heading, then a line for each row; what a row lacks is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)

    def line(cells: Sequence[str]) -> str:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(cells)
        return buffer.getvalue()

    yield line(fields)
    for row in rows:
        yield line([csv_cell(row.get(name)) for name in fields])


def csv_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, and that steers no terminal."""
    if isinstance(value, list):
        value = " ".join(str(part) for part in value)
    text = "" if value is None else plain(str(value))
    return f"'{text}" if text.lstrip().startswith(_STARTS) else text
