"""The overview's chart: bars as numbers, so that the template draws it without any script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sync.ports.browse import Activity

WIDTH, HEIGHT = 720, 140
_LEFT, _BOTTOM, _TOP = 34, 18, 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of one hour; `kind` names its color."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws, in its own units. `hours` are the marks below the axis."""

    bars: tuple[Bar, ...]
    hours: tuple[tuple[float, datetime], ...]
    top: int
    rows: tuple[Activity, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not self.bars


def chart(rows: Sequence[Activity]) -> Chart:
    """Bars for each hour: writes behind, corrections in front of them, conflicts beside."""
    top = max((max(row.writes, row.corrections, row.conflicts) for row in rows), default=0)
    step = (WIDTH - _LEFT) / max(len(rows), 1)
    bars = []
    for i, row in enumerate(rows):
        left = _LEFT + i * step
        for kind, count, shift in (
            ("writes", row.writes, 0.1),
            ("corrections", row.corrections, 0.1),
            ("conflicts", row.conflicts, 0.6),
        ):
            if count:
                height = max(2.0, (HEIGHT - _TOP - _BOTTOM) * count / top)
                y = HEIGHT - _BOTTOM - height
                width = step * (0.5 if kind != "conflicts" else 0.3)
                bars.append(Bar(kind, left + shift * step, y, width, height))
    hours = tuple((_LEFT + i * step, row.at) for i, row in enumerate(rows) if row.at.hour % 4 == 0)
    return Chart(tuple(bars), hours, top, tuple(rows))
