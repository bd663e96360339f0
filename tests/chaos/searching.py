"""Secrets, looked for in everything that the program leaves behind: its files and its tables."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.books import Books, everything

Patterns = Sequence["re.Pattern[bytes]"]


def secrets_in_files(folder: Path, patterns: Patterns) -> list[str]:
    """The files of a folder that hold something secret: logs, databases, the broker's messages."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files, "there is something to search"
    return [f"file {path.name}" for path in files if _is_in(patterns, path.read_bytes())]


def secrets_in_tables(books: Books, patterns: Patterns) -> list[str]:
    """The tables that hold something secret in any row."""
    held = [t for t, values in everything(books) if _is_in(patterns, repr(values).encode())]
    return [f"table {table}" for table in sorted(set(held))]


def _is_in(patterns: Patterns, text: bytes) -> bool:
    return any(pattern.search(text) for pattern in patterns)
