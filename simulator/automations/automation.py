"""One ordered automation: which saves it means, and what it does then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.errors import ApiError
from simulator.faults.errors import TRIGGER, made
from simulator.faults.fault import draw
from simulator.formula import Formula
from simulator.ids import to_18
from simulator.schema.model import SObject

# What Apex and flows put into the message; trigger names and line numbers are made up.
CAUSES = {
    "exception": TRIGGER,
    "row_lock": "LicenseTrigger: execution of AfterUpdate\n\ncaused by: System.DmlException: "
    "Update failed. First exception on row 0 with id {id}; first error: UNABLE_TO_LOCK_ROW, unable "
    "to obtain exclusive access to this record or 1 records: {id}: []\n\nTrigger.LicenseTrigger: "
    "line 12, column 1",
    "cpu": "LicenseTrigger: System.LimitException: Apex CPU time limit exceeded",
}


@dataclass(frozen=True)
class Save:
    """One record while it is saved: the changed fields' old values, and the row as it will be."""

    sobject: SObject
    record_id: str
    role: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass
class Automation:
    """`order` is checked already; `test` is the compiled formula of a validation rule."""

    number: int
    order: dict[str, Any]
    sobject: SObject
    fields: tuple[str, ...]
    test: Formula | None = None
    left: int | None = None
    hits: int = 0
    ids: frozenset[str] | None = field(init=False)

    def __post_init__(self) -> None:
        when = self.order.get("when") or {}
        self.left = self.order.get("count")
        self.ids = frozenset(str(to_18(i)) for i in when["ids"]) if when.get("ids") else None
        self._by = str(when.get("by", "any"))
        self._share = float(when.get("share", 1.0))
        self._seed = str(when.get("seed", 0))

    @property
    def kind(self) -> str:
        return str(self.order["kind"])

    @property
    def name(self) -> str:
        return str(self.order.get("name") or f"{self.kind} {self.number}")

    @property
    def seconds(self) -> float:
        return float(self.order.get("seconds", 0))

    def strikes(self, save: Save) -> bool:
        """Whether this save sets it off; if so, it counts."""
        if self.left == 0 or save.sobject is not self.sobject or self._by not in ("any", save.role):
            return False
        if self.ids is not None and save.record_id not in self.ids:
            return False
        if self._share < 1.0 and draw(self._seed, save.record_id) >= self._share:
            return False
        if self.fields and self.kind != "validation_rule" and not self.touched(save):
            return False
        if self.test is not None and not self.test(save.after):
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True

    def touched(self, save: Save) -> list[str]:
        return [name for name in self.fields if name in save.before]

    def refusal(self, record_id: str) -> ApiError:
        """What the caller reads when this automation says no."""
        if self.kind == "validation_rule":
            message = str(self.order.get("message", "A validation rule says no."))
            return made(
                "FIELD_CUSTOM_VALIDATION_EXCEPTION", message=message, fields=list(self.fields)
            )
        cause = CAUSES[self.order.get("cause", "exception")]
        message = str(self.order.get("message") or cause.format(id=record_id))
        code = str(self.order.get("code", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"))
        return made(code, message=message, fields=[])

    def json(self) -> dict[str, Any]:
        shown = {"id": self.number, **self.order, "name": self.name}
        return {**shown, "left": self.left, "hits": self.hits}
