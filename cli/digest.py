"""What a plan comes to, in a few lines and a few users."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from cli.output import counted
from sync.model import Status
from sync.ports.runs import PlanItem, RunKind

SHOWN = 40


@dataclass(slots=True)
class Digest:
    """What a plan comes to, counted while it streams by; users who lose something come first."""

    removed: Counter[str] = field(default_factory=Counter)
    granted: Counter[str] = field(default_factory=Counter)
    ticked: Counter[str] = field(default_factory=Counter)
    unticked: Counter[str] = field(default_factory=Counter)
    held_back: Counter[str] = field(default_factory=Counter)
    losers: int = 0
    conflicts: int = 0
    left_out: int = 0
    first: list[PlanItem] = field(default_factory=list)
    others: list[PlanItem] = field(default_factory=list)

    def add(self, item: PlanItem) -> None:
        """Count one item."""
        self.removed.update(item.removed.names)
        self.granted.update(item.granted.names)
        self.ticked.update((item.requested_after - item.requested).names)
        unticked = item.requested - item.requested_after
        self.unticked.update(unticked.names)
        self.held_back.update(item.hold.names)
        self.losers += bool(item.removed)
        self.left_out += item.after is None
        self.conflicts += item.status == Status.CONFLICT
        place = self.first if item.removed or unticked else self.others
        if len(place) < SHOWN:
            place.append(item)

    @property
    def shown(self) -> list[PlanItem]:
        """The items worth a person's eyes."""
        return [*self.first, *self.others][:SHOWN]

    def sentences(self, kind: RunKind) -> Iterator[str]:
        """The plan in sentences."""
        if kind is RunKind.ADOPT:
            yield (
                f"Requests that would be ticked: {_totals(self.ticked)}; "
                f"unticked, since it is not held: {_totals(self.unticked)}."
            )
            yield f"Held back, since the rules would take it: {_totals(self.held_back)}."
            yield "No license would be removed or granted."
        else:
            if kind is RunKind.UNDO:
                yield f"Left out: {counted(self.left_out, 'user')}."
            yield (
                f"{counted(self.losers, 'user')} would lose something: {_totals(self.removed)}. "
                f"Would be granted: {_totals(self.granted)}."
            )
        if self.conflicts:
            yield f"{counted(self.conflicts, 'user')} would be in the conflict log to be decided."


def _totals(counts: "Counter[str]") -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing"
