"""CSV files: opened, and written a line at a time."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from cli.output import plain
from sync.errors import NotAllowed
from sync.spreadsheet import csv_lines


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


def write_rows(target: TextIO, fields: Sequence[str], rows: Iterable[Mapping[str, object]]) -> int:
    """Write a heading and the rows, a row at a time; how many rows."""
    lines = csv_lines(fields, rows)
    target.write(next(lines))
    return sum(1 for line in lines if target.write(line))
