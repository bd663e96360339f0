"""Answers that are too large to hold: a body of known or unknown length, sent in pieces.

Every such answer goes out through `send_stream`, so that a fault has one place to cut it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.types import Send

PIECE = 256 * 1024


@dataclass(frozen=True)
class Stream:
    """The body's pieces, and its length where that is known beforehand."""

    pieces: Iterable[bytes]
    length: int | None = None


def file_range(path: Path, start: int, end: int, before: bytes = b"", after: bytes = b"") -> Stream:
    """These bytes of a file, between some of our own. The file is opened at once."""
    file = path.open("rb")
    file.seek(start)
    length = len(before) + end - start + len(after)
    return Stream(_read(file, end - start, before, after), length)


async def send_stream(stream: Stream, send: Send) -> None:
    """The body of an answer whose head is sent."""
    for piece in stream.pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _read(file: BinaryIO, left: int, before: bytes, after: bytes) -> Iterator[bytes]:
    """`before` goes out with the first piece, so that a fault that halves it cuts into rows."""
    with file:
        while left > 0:
            piece = file.read(min(PIECE, left))
            if not piece:
                break
            left -= len(piece)
            yield before + piece
            before = b""
    if before or after:
        yield before + after
