"""What people name to narrow a listing: licenses, ages, moments. A wrong one is a usage error."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from sync.model import License
from sync.ports.browse import Orgs

UserOption = Annotated[
    str, typer.Option("--user", help="The beginning of a username or a name, or an id.")
]
LicenseOption = Annotated[
    str | None, typer.Option("--license", help="Only what is about this license.")
]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="At most so many rows.")]

_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_SPAN = re.compile(rf"(\d{{1,6}})\s*({'|'.join(_UNITS)})", re.ASCII)


def orgs(name: str | None) -> Orgs:
    """The org named, or all."""
    return None if name is None else frozenset({name})


def license_named(said: str) -> License | None:
    """The license by its name or by what people call it, in capitals or not."""
    for license in License:
        if said.lower() in (license.value.lower(), license.label.lower()):
            return license
    return None


def a_license(said: str | None) -> License | None:
    """The license named, if any is."""
    if said is None:
        return None
    found = license_named(said)
    if found is None:
        known = ", ".join(license.value for license in License)
        raise typer.BadParameter(f"There is no license {said[:40]!r}: name one of {known}.")
    return found


def before(said: str | None, now: datetime) -> datetime | None:
    """The moment that is so long ago: `3d`, `12 h`, `30min`."""
    if said is None:
        return None
    found = _SPAN.fullmatch(said.strip())
    if found is None:
        raise typer.BadParameter(f"{said[:40]!r} is no age: write it like 3d, 12h or 30min.")
    try:
        return now - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    except OverflowError:
        raise typer.BadParameter(f"{said[:40]!r} is longer than there is time.") from None


def a_moment(said: str | None, now: datetime) -> datetime | None:
    """A day or a time in UTC, or how long ago it was."""
    if said is None:
        return None
    if _SPAN.fullmatch(said.strip()):
        return before(said, now)
    try:
        time = datetime.fromisoformat(said)
    except ValueError:
        raise typer.BadParameter(
            f"{said[:40]!r} is no time: write it like 2026-03-01, 2026-03-01T12:30Z or 3d."
        ) from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
