"""What an open transaction has changed so far, for whoever tells others of it after the commit.

The journal (`simulator.history`) keeps what changed; this keeps what the record became.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from simulator.schema.model import SObject


class Saved(NamedTuple):
    """One DML on one record; `values` are those of the changed fields, or of all of a new record.

    `kind` is CREATE, UPDATE, DELETE or UNDELETE.
    """

    kind: str
    sobject: SObject
    record_id: str
    user_id: str
    values: dict[str, Any]


class Watcher(Protocol):
    def committing(self, saved: list[Saved], origin: str) -> None:
        """Inside the transaction, at its end; what it writes is committed or rolled back with it.

        `origin` says by which API the changes came, empty for none.
        """
        ...

    def committed(self) -> None: ...
