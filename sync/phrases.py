"""How times, numbers and licenses are said, on the page and on the command line alike."""

from datetime import datetime

from sync.model import Licenses


def names(licenses: Licenses) -> str:
    """Licenses for people, in catalogue order; a dash for none."""
    return ", ".join(license.label for license in licenses) or "–"


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural where it is one."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def moment(time: datetime | None) -> str:
    """A time for people: UTC, to the second."""
    return "–" if time is None else f"{time:%Y-%m-%d %H:%M:%S}Z"


def age(time: datetime | None, now: datetime) -> str:
    """How long ago that was, for people; a dash if it never was."""
    if time is None:
        return "–"
    seconds = max(0, int((now - time).total_seconds()))
    for unit, length in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


_UNITS = (("days", 86400), ("h", 3600), ("min", 60))


def isoformat(time: datetime | None) -> str | None:
    """A time for programs."""
    return None if time is None else time.isoformat().replace("+00:00", "Z")


_TURNING = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What turns the rest of a line around."""

STEERING = (*range(32), *range(127, 160), *_TURNING)
"""A record's text must not steer the terminal, make lines of its own, or turn them around."""

_HARMLESS = dict.fromkeys(STEERING, "") | dict.fromkeys(map(ord, "\t\n\r"), " ")


def plain(text: str) -> str:
    """The text on one line, without control characters."""
    return text.translate(_HARMLESS)
