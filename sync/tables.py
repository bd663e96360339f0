"""Takes values out of tables that people wrote, and remembers everything that is wrong with them.

A problem is one sentence that names the file, the key (as a dotted path) and the mend. A wrong
value is left out and reading goes on, so that all problems of a file are told at once.
"""

import difflib
from collections.abc import Collection, Mapping
from typing import TypeVar

_T = TypeVar("_T")
_LINE_LIMIT = 200
_KINDS: dict[type, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list in brackets",
    dict: "a table",
}


class TableReader:
    """Reads the tables of one source. `problems` has a sentence for everything that was wrong."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.problems: list[str] = []

    def wrong(self, key: str, what: str) -> None:
        """Remember that `what` is the matter with `key`."""
        end = "" if what.endswith("?") else "."
        self.problems.append(f"{self.source}: {key}: {what}{end}")

    def optional(self, key: str, table: Mapping[str, object], kind: type[_T]) -> _T | None:
        """The value at the end of the dotted `key`, None where it is absent or of another kind."""
        value = table.get(_last(key))
        if value is None:
            return None
        return self.of_kind(key, value, kind)

    def needed(self, key: str, table: Mapping[str, object], kind: type[_T]) -> _T | None:
        """The value at the end of the dotted `key`, which has to be there."""
        if _last(key) not in table:
            self.wrong(key, f"is missing; add it as {_KINDS[kind]}")
        return self.optional(key, table, kind)

    def of_kind(self, key: str, value: object, kind: type[_T]) -> _T | None:
        """The value itself, None where it is of another kind."""
        # Not isinstance: true is no number.
        if type(value) is kind:
            return value
        found = _KINDS.get(type(value), "a date or time")
        self.wrong(key, f"write {_KINDS[kind]} instead of {found}")
        return None

    def table(self, key: str, table: Mapping[str, object]) -> dict[str, object]:
        """The table at the end of the dotted `key`, empty where there is none."""
        return self.optional(key, table, dict) or {}

    def known_keys(self, key: str, table: Mapping[str, object], known: Collection[str]) -> None:
        """Complain about every key of the table at `key` that is not known."""
        for name in table:
            if name not in known:
                self.wrong(dotted(key, name), f"unknown key; remove it, or {mend(name, known)}")

    def line(self, key: str, table: Mapping[str, object]) -> str:
        """A sentence for people, which has to be there and fit a line."""
        text = self.needed(key, table, str)
        if text is None:
            return ""
        if not text.strip() or not text.isprintable() or len(text) > _LINE_LIMIT:
            self.wrong(key, f"write one line of 1 to {_LINE_LIMIT} characters")
        return text.strip()

    def choice(self, key: str, value: str, known: Collection[str], what: str) -> bool:
        """Whether `value` is one of the known ones."""
        if value in known:
            return True
        self.wrong(key, f'unknown {what} "{value}"; {mend(value, known)}')
        return False


def dotted(*parts: str) -> str:
    """The dotted path of these keys."""
    return ".".join(part for part in parts if part)


def mend(word: str, known: Collection[str]) -> str:
    """What to write instead of `word`: the known word that was meant, or one of them all."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1)
    if close:
        return f'did you mean "{by_lower[close[0]]}"?'
    return f"write one of {', '.join(known)}"


def _last(key: str) -> str:
    return key.rpartition(".")[2]
