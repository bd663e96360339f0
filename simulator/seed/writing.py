"""Stores the rows of a new org, a million of them in seconds: one statement, no journal.

Formulas cost more than everything else together. People are many and what a formula
looks at takes few values, so each result is worked out once and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from simulator.database import Database
from simulator.formula import Formula
from simulator.records import compile_formulas
from simulator.schema.model import Field, SObject

Row = dict[str, Any]
MOST_REMEMBERED = 100_000


class Writer:
    def __init__(self, database: Database) -> None:
        self._db = database

    def write(self, sobject: SObject, rows: Iterable[Row], alike: Row) -> None:
        """Whole rows; formulas are filled in. Needs an open transaction.

        `alike` are values that every row has: they stand in the statement, which makes it
        twice as quick as handing them over a million times.
        """
        columns = ", ".join(f'"{name}"' for name in sobject.stored_columns)
        marks = ", ".join(
            _literal(alike[name]) if name in alike else "?" for name in sobject.stored_columns
        )
        varying = [name for name in sobject.stored_columns if name not in alike]
        self._db.executemany(
            f"INSERT INTO {sobject.table} ({columns}) VALUES ({marks})",
            _complete(sobject, rows, varying),
        )


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def _complete(
    sobject: SObject, rows: Iterable[Row], wanted: list[str]
) -> Iterator[tuple[Any, ...]]:
    formulas = [
        (field.name, _Remembered(formula, _mentioned(sobject, field)))
        for field, formula in compile_formulas(sobject)
    ]
    columns = itemgetter(*wanted)
    for row in rows:
        for name, formula in formulas:
            row[name] = formula(row)
        yield columns(row)


def _mentioned(sobject: SObject, field: Field) -> list[str]:
    """The fields that the formula names. One too many, from a text in it, does no harm."""
    words = {word.lower() for word in re.findall(r"\w+", field.formula or "")}
    return [name for name in sobject.stored_columns if name.lower() in words]


class _Remembered:
    """A formula that looks up what it worked out before for the same values."""

    def __init__(self, formula: Formula, names: list[str]) -> None:
        self._formula = formula
        self._inputs = itemgetter(*names)
        self._known: dict[Any, Any] = {}

    def __call__(self, row: Row) -> Any:
        key = self._inputs(row)
        if key not in self._known:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self._formula(row)
        return self._known[key]
