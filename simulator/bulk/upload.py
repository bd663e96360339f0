"""Reads an uploaded CSV row by row, knowing at which byte each row begins.

Line endings must be the job's, where it has any (recorded message). A byte order mark is not
taken away: it becomes part of the first field's name, which then is not found (as users report).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from simulator.bulk.dialect import DELIMITERS, LINE_ENDINGS
from simulator.bulk.job import Job


class BadUpload(Exception):
    """The job fails with this as its errorMessage; rows already written stay."""


@dataclass(frozen=True)
class Line:
    """One row: its values, and the bytes from `start` to before `end`, line ending included."""

    values: list[str]
    start: int
    end: int


class Upload:
    """The rows from `start` on. A row can span lines; blank lines are skipped."""

    def __init__(self, job: Job, path: Path, start: int) -> None:
        self._delimiter = DELIMITERS[job.delimiter]
        self._ending = LINE_ENDINGS.get(job.line_ending, "").encode()
        self._named = job.line_ending
        self._path = path
        self._place = start

    def __iter__(self) -> Iterator[Line]:
        with self._path.open("rb") as file:
            file.seek(self._place)
            rows = csv.reader(self._lines(file), delimiter=self._delimiter, strict=True)
            while True:
                start = self._place
                try:
                    values = next(rows, None)
                except (csv.Error, UnicodeDecodeError) as error:
                    raise BadUpload(f"ClientInputError : Failed to parse CSV: {error}") from error
                if values is None:
                    return
                if values:
                    yield Line(values, start, self._place)

    def _lines(self, file: BinaryIO) -> Iterator[str]:
        for raw in file:
            self._place += len(raw)
            wrong = raw.endswith(b"\n") and raw.endswith(b"\r\n") != (self._ending == b"\r\n")
            if wrong and self._ending:
                raise BadUpload(
                    "ClientInputError : LineEnding is invalid on user data. "
                    f"Current LineEnding setting is {self._named}"
                )
            yield raw.decode("utf-8")
