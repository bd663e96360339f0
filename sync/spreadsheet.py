"""CSV for spreadsheets, which must not run what a record says."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sync.phrases import plain

_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with, full width as well.
https://owasp.org/www-community/attacks/CSV_Injection
"""


def csv_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula, and that steers no terminal."""
    if isinstance(value, list):
        value = " ".join(str(part) for part in value)
    text = "" if value is None else plain(str(value))
    return f"'{text}" if text.lstrip().startswith(_STARTS) else text


def csv_lines(fields: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """A heading and the rows, a line at a time and with its end, for as long as rows come."""
    writer = csv.writer(_Line())
    yield str(writer.writerow(fields))
    for row in rows:
        yield str(writer.writerow([csv_cell(row.get(name)) for name in fields]))


class _Line:
    """A file that hands back what is written to it: `writerow` returns that."""

    def write(self, line: str) -> str:
        return line
