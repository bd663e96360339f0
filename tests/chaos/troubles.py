"""What goes wrong: faults of the org, kill -9, a wiped broker, a full disk, a clock that jumps."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.chaos.faults import AUTOMATION, FAULTS, NO_RIGHTS, STOPPING
from tests.chaos.people import Editor, Ledger
from tests.chaos.schedule import Event
from tests.chaos.stage import Stage


class FaultLane:
    """Orders the faults of the schedule and takes them back, and counts what they hit."""

    def __init__(self, stage: Stage, control: Editor, ledger: Ledger) -> None:
        self._stage, self._control, self._ledger = stage, control, ledger
        self._standing: dict[tuple[str, int], str] = {}
        self.hits: Counter[str] = Counter()
        self.has_been_blind = False
        """Whether the org kept changes from us for want of rights: nobody is ever told of them."""

    def act(self, event: Event) -> None:
        """`fault` or `heal`."""
        if event.what == "fault":
            self._order(event)
        else:
            self.heal()
            if STOPPING & set(event.more["kinds"]):
                self._stage.made.tried("check")

    def _order(self, event: Event) -> None:
        for kind in event.more["kinds"]:
            for more in FAULTS[kind]:
                where, name = _named(kind)
                order = {"kind": name, **more}
                if where == "faults":
                    order.setdefault("seed", event.more["seed"])
                made = self._control.control(where, order)
                self.has_been_blind |= kind == NO_RIGHTS
                if "id" in made:
                    self._standing[where, made["id"]] = kind
                else:  # it is over at once: tokens were revoked
                    self.hits[kind] += 1

    def heal(self) -> None:
        """Take back what this lane ordered; races order and take back their own."""
        for where in ("faults", "automations"):
            for found in self._control.control(where)[where]:
                kind = self._standing.pop((where, found["id"]), None)
                if kind is not None:
                    self.hits[kind] += found["hits"]
                    self._control.control(f"{where}/{found['id']}", method="DELETE")


def _named(kind: str) -> tuple[str, str]:
    """Where a kind is ordered, and its name there."""
    if kind.startswith(AUTOMATION):
        return "automations", kind.removeprefix(AUTOMATION)
    return "faults", kind


class TroubleLane:
    """What happens to the machine. In the main thread: PostgreSQL ends with who started it."""

    def __init__(self, stage: Stage, ledger: Ledger) -> None:
        self._stage, self._ledger = stage, ledger
        self.kills: Counter[str] = Counter()
        self.when: list[tuple[float, str]] = []
        self._acts: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "kill": self._kill,
            "wipe the broker": self._wipe,
            "fill the disk": self._fill,
            "the org's clock jumps": self._jump,
            "the workers' clock is set": self._set_workers_clock,
        }

    def act(self, event: Event) -> None:
        """Do it, and note that it happened: what stood still then had a reason."""
        self._acts[event.what](event.more)
        self.when.append((time.time(), event.what))

    def _kill(self, more: Mapping[str, Any]) -> None:
        self.kills[more["part"]] += self._stage.kill(more["part"])

    def _wipe(self, _more: Mapping[str, Any]) -> None:
        self.kills["broker"] += self._stage.wipe_broker()
        self._ledger.note("broker wiped")

    def _fill(self, more: Mapping[str, Any]) -> None:
        self._stage.disk.fill()
        try:
            time.sleep(more["seconds"])
        finally:
            self._stage.disk.empty()
        self._ledger.note("disk full")

    def _set_workers_clock(self, more: Mapping[str, Any]) -> None:
        self._stage.set_workers_clock(more["ahead"])
        self.kills["worker"] += self._stage.kill("worker")
        self._ledger.note("workers' clock set")

    def _jump(self, more: Mapping[str, Any]) -> None:
        """Forward: Salesforce's own clock never goes back."""
        org = self._stage.org
        offset = org.control("state")["clock_offset"]
        org.control("clock", {"offset": offset + more["by"]})
        self._ledger.note("clock jumped")
