"""The journal's side of a change: what a record was and what it became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from simulator.database import Database
from simulator.schema.model import SObject

INSERT = (
    "INSERT INTO change (call, at, stamp, object, id, by_id, before, after, automation) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True)
class Signature:
    """In which call, when committed, with which stamp, by whom, and by what of the org itself."""

    call: int | None
    committed_at: float
    stamp: int
    user_id: str
    automation: str | None = None


def note_change(
    database: Database,
    signature: Signature,
    sobject: SObject,
    record_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    """`before` and `after` have the same keys: the fields that changed."""
    database.execute(
        INSERT,
        (
            signature.call,
            signature.committed_at,
            signature.stamp,
            sobject.name,
            record_id,
            signature.user_id,
            _shown(sobject, before),
            _shown(sobject, after),
            signature.automation,
        ),
    )


def _shown(sobject: SObject, values: dict[str, Any]) -> str:
    return orjson.dumps({n: _json(sobject, n, value) for n, value in values.items()}).decode()


def _json(sobject: SObject, name: str, value: Any) -> Any:
    field = sobject.field(name)
    return bool(value) if field and field.type == "boolean" and value is not None else value
