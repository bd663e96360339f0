"""How an answer's body is written: compact or pretty JSON, plain or compressed.

The pretty form is that of recorded answers: ` : ` after a key, objects indented by two,
arrays on the line where they begin (`[ {` … `}, {` … `} ]`), `[ ]` and `{ }` when empty.
"""

from __future__ import annotations

import gzip
import zlib
from functools import lru_cache
from json.encoder import encode_basestring as _string
from typing import Any

import orjson

SMALLEST = 1024  # below this, compressing costs more than it saves; the real bound is unknown
LEVEL = 1
PLAIN = {None: "null", True: "true", False: "false"}


def encode(body: Any, *, pretty: bool) -> bytes:
    return _pretty(body, "\n").encode() if pretty else orjson.dumps(body)


def compress(content: bytes, accepted: str) -> tuple[bytes, str | None]:
    """The content and its encoding: gzip or deflate, if the client takes one and it pays."""
    names = {part.partition(";")[0].strip().lower() for part in accepted.split(",")}
    if len(content) < SMALLEST:
        return content, None
    if "gzip" in names:
        return gzip.compress(content, LEVEL, mtime=0), "gzip"
    if "deflate" in names:
        return zlib.compress(content, LEVEL), "deflate"
    return content, None


def decompress(content: bytes) -> bytes:
    """A request's body, gzip or deflate (with or without its header); zlib.error if neither."""
    try:
        return zlib.decompress(content, zlib.MAX_WBITS | 32)
    except zlib.error:
        return zlib.decompress(content, -zlib.MAX_WBITS)


def _pretty(value: Any, margin: str) -> str:
    """`margin` is the line break and the indentation of the line that this value is on."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = margin + "  "
        pairs = [_key(key) + _pretty(item, inner) for key, item in value.items()]
        return "{" + inner + ("," + inner).join(pairs) + margin + "}"
    if isinstance(value, list | tuple):
        items = ", ".join([_pretty(item, margin) for item in value])
        return f"[ {items} ]" if items else "[ ]"
    if value is None or isinstance(value, bool):
        return PLAIN[value]
    return orjson.dumps(value).decode()


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    return _string(name) + " : "
