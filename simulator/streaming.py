"""Answers that are too large to hold: a body of known or unknown length, sent in pieces.

Every such answer goes out through `send_stream`, so that a fault has one place to cut it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from starlette.types import Send

PIECE = 256 * 1024


@dataclass(frozen=True)
class Stream:
    """The body's pieces, and its length where that is known beforehand."""

    pieces: Iterable[bytes]
    length: int | None = None

    def half(self) -> Stream:
        """The same, cut short in the middle (of the first piece where no length is known)."""
        if self.length is None:
            first = next(iter(self.pieces), b"")
            return Stream([first[: len(first) // 2]], len(first) // 2)
        return Stream(_first(self.length // 2, self.pieces), self.length // 2)


def file_range(path: Path, start: int, end: int, before: bytes = b"") -> Stream:
    """These bytes of a file, after some of our own. The file is opened at once."""
    file = path.open("rb")
    file.seek(start)
    return Stream(chain([before], _read(file, end - start)), len(before) + end - start)


async def send_stream(stream: Stream, send: Send) -> None:
    """The body of an answer whose head is sent."""
    for piece in stream.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _read(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left > 0:
            piece = file.read(min(PIECE, left))
            if not piece:
                return
            left -= len(piece)
            yield piece


def _first(count: int, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:count]
        count -= len(piece)
        if count <= 0:
            return
