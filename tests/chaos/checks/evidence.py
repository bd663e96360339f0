"""What a run left behind, as plain values: all that the checks look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class CalmEdit:
    """An edit in the org that has no trouble of its own; `settled_at` is None if it never was.

    `troubled_at` is when the machine was in trouble last before it was settled, if it was.
    """

    user_id: str
    at: float
    settled_at: float | None
    troubled_at: float | None = None


@dataclass(frozen=True)
class Reconciled:
    """What a second reconcile of the quiet org said and did."""

    users_read: int
    unsettled: int
    writes: Sequence[str] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything about the troubled org, in times of the program's database.

    `start` and `end` are its users by id, `changes` its committed changes in between, in order.
    `conflicts`, `history`, `pending` and `brakes` are the store's rows; `listed` is what the
    program shows to people as waiting. `secrets` names the places where something secret was found.
    """

    own_id: str
    start: Mapping[str, Record]
    end: Mapping[str, Record]
    changes: Sequence[Mapping[str, Any]]
    conflicts: Sequence[Row]
    history: Sequence[Row]
    pending: Sequence[Row]
    brakes: Sequence[Row]
    listed: Sequence[Row]
    reconciled: Reconciled
    calm: Sequence[CalmEdit] = ()
    secrets: Sequence[str] = ()
    log: str = field(default="", repr=False)

    def parked(self) -> dict[str, Row]:
        """Rows of parked users."""
        return {row["user_id"]: row for row in self.pending if row["parked_at"] is not None}
