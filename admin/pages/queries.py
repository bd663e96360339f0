"""From what a query or a form says to values; what is no such value is none."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from admin.access import SignedIn
from admin.services import Services

Word = TypeVar("Word", bound=StrEnum)


def one_of(words: type[Word], said: str) -> Word | None:
    """The word of that value, if there is one."""
    try:
        return words(said)
    except ValueError:
        return None


def orgs_of(services: Services, person: SignedIn) -> list[str]:
    """The configured orgs that somebody may see."""
    return [org for org in services.runtime.org_names if person.sees(org)]


def visible(person: SignedIn, org: str) -> frozenset[str] | None:
    """The orgs to look in: the one chosen, if they may see it; else all that they may see."""
    if not org:
        return person.orgs
    return frozenset({org} if person.sees(org) else ())


def day(said: str) -> datetime | None:
    """The start of a day `2026-11-24`, or a moment, in UTC."""
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
