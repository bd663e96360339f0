"""All automations of an org, where records are saved and where their time comes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.automations.automation import Automation, Save
from simulator.automations.flows import Flow, Flows
from simulator.automations.orders import read
from simulator.clock import Clock
from simulator.database import Database
from simulator.errors import ApiError
from simulator.locks import Locks
from simulator.records import Author, Records, Row
from simulator.schema.access import Access
from simulator.schema.model import SObject
from simulator.values import to_json

REFUSING = ("failing_trigger", "validation_rule")  # in the order of execution that is documented
TICK = 0.05


@dataclass(frozen=True)
class Actors:
    """How a user is named in orders, and who stands behind such a name."""

    role_of: Callable[[str | None], str]
    id_of: Callable[[str], str]


class Automations:
    def __init__(
        self, database: Database, clock: Clock, records: Records, locks: Locks, actors: Actors
    ) -> None:
        self._clock = clock
        self._records = records
        self._locks = locks
        self._actors = actors
        self._flows = Flows(database)
        self._all: list[Automation] = []
        self._last = 0
        self._ticker: asyncio.Task[None] | None = None

    def add(self, order: dict[str, Any]) -> Automation:
        """Takes an order, or raises ValueError with what is wrong in it."""
        automation = read(order, self._last + 1, self._records.schema)
        self._last += 1
        self._all.append(automation)
        return automation

    def remove(self, number: int | None = None) -> int:
        """What it has set in motion already still happens."""
        kept = [] if number is None else [a for a in self._all if a.number != number]
        removed = len(self._all) - len(kept)
        self._all = kept
        return removed

    def json(self) -> dict[str, Any]:
        return {"automations": [a.json() for a in self._all], "waiting": self._flows.waiting()}

    def before_save(
        self, author: Author, sobject: SObject, before: Row | None, after: Row, changed: Row
    ) -> None:
        """Raises the refusal of the first automation that says no."""
        if author.automation or not self._all:
            return
        save = self._save(author, sobject, before, after, changed)
        for kind in REFUSING:
            for automation in self._all:
                if automation.kind == kind and automation.strikes(save):
                    raise automation.refusal(str(after.get("Id")))

    def after_save(
        self, author: Author, sobject: SObject, before: Row | None, row: Row, changed: Row
    ) -> None:
        """Writes back in the same transaction, or plans to write later."""
        if author.automation or not self._all:
            return
        save = self._save(author, sobject, before, row, changed)
        for automation in self._all:
            if automation.kind in REFUSING or (automation.kind == "reverting" and before is None):
                continue
            if automation.strikes(save):
                self._write(automation, author, save, row)

    def start(self) -> None:
        """Lets time pass for flows; needs a running event loop."""
        if self._ticker is None or self._ticker.done():
            self._ticker = asyncio.get_running_loop().create_task(self._watch())

    def run_due(self) -> None:
        """Carries out the flows whose time has come, each in a transaction of its own."""
        for flow in self._flows.due(self._clock.now()):
            if not self._locks.holds(flow.record_id):
                self._run(flow)

    async def _watch(self) -> None:
        while self._all or self._flows.waiting():
            await asyncio.sleep(TICK)
            self.run_due()

    def _save(
        self, author: Author, sobject: SObject, before: Row | None, after: Row, changed: Row
    ) -> Save:
        old = {name: before[name] if before else None for name in changed}
        role = self._actors.role_of(author.access.user_id)
        return Save(sobject, str(after.get("Id")), role, old, after)

    def _write(self, automation: Automation, author: Author, save: Save, row: Row) -> None:
        body = automation.order.get("sets") or {
            name: _printed(save.sobject, name, save.before[name])
            for name in automation.touched(save)
        }
        if not automation.seconds:  # a trigger acts in the name of whoever saves
            inner = self._author(author.access.user_id, automation.name, author.at, author.call)
            self._records.update(inner, save.sobject, row, body)
            return
        by_id = self._actors.id_of(str(automation.order.get("by", "automation")))
        due_at = self._clock.now() + automation.seconds
        self._flows.add(due_at, automation.name, by_id, save.sobject.name, save.record_id, body)

    def _run(self, flow: Flow) -> None:
        sobject, now = self._records.schema.objects[flow.sobject.lower()], self._clock.now()
        with self._flows.running(flow):
            row = self._records.fetch(sobject, [flow.record_id]).get(flow.record_id)
            if row is None or row.get("IsDeleted"):
                return
            try:
                author = self._author(flow.by_id, flow.name, now, None)
                self._records.update(author, sobject, row, flow.body)
            except ApiError as error:  # an org mails this to its admin
                sys.stderr.write(f"simulator: {flow.name} failed: {error}\n")

    def _author(self, user_id: str, name: str, at: float, call: int | None) -> Author:
        access = Access(user_id, (), system=True)
        return Author(access, call, at, self._clock.now(), automation=name)


def _printed(sobject: SObject, name: str, value: Any) -> Any:
    """A stored value as a body would hold it."""
    field = sobject.field(name)
    convert = to_json(field) if field else None
    return convert(value) if convert else value
