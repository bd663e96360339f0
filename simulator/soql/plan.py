"""A compiled query: SQL text, parameters, and how a row becomes a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.schema.model import SObject
from simulator.soql.shapes import AggregateShape, RecordShape


@dataclass(frozen=True)
class ChildPlan:
    """A nested query over the children of a page's records.

    Its plan's last parameter is still missing: the JSON list of the parents' ids. The last
    column of its rows is the parent's id.
    """

    key: str
    plan: Plan


@dataclass(frozen=True)
class Plan:
    """`limit` is -1 when there is none; a plan that only counts has no columns of use.

    `whole`: every record of the object, in no order or that of the ids.
    """

    sobject: SObject
    root: RecordShape | AggregateShape
    columns: str
    tail: str
    order: str
    parameters: tuple[Any, ...]
    limit: int
    offset: int
    count_only: bool
    children: tuple[ChildPlan, ...] = ()
    whole: bool = False

    @property
    def grouped(self) -> bool:
        return isinstance(self.root, AggregateShape)
