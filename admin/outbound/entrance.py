"""Who may bring a message in: the right token in the path, and where it is set, a certificate."""

import hmac
import re
from collections.abc import Iterable

from config.outbound import Door, digest

PREFIX = "/outbound/"
"""Every path below it is the receiver's, and none of them is ever logged: it ends in a token."""

_NO_DIGEST = bytes(32)


class Entrance:
    """The doors of all orgs."""

    def __init__(self, doors: Iterable[Door]) -> None:
        self._doors = {door.org: door for door in doors}

    @property
    def orgs(self) -> list[str]:
        """The orgs that have a door."""
        return list(self._doors)

    def knock(self, path: str) -> tuple[str | None, Door | None]:
        """The org that was meant, if it has a door, and the door if the token opens it.

        It takes as long for an org that is not there as for one that is.
        """
        org, _, token = path.removeprefix(PREFIX).partition("/")
        door = self._doors.get(org)
        fits = hmac.compare_digest(digest(token), door.digest if door else _NO_DIGEST)
        return (door.org if door else None), (door if fits else None)


def is_certificate(wanted: str, shown: str | None) -> bool:
    """Whether this is it: a subject letter by letter, a fingerprint however it is written."""
    if shown is None:
        return False
    as_sent = shown.encode("latin-1", "replace")
    as_digits = re.sub(rb"[:\s]", b"", as_sent).lower()
    return any(hmac.compare_digest(wanted.encode(), found) for found in (as_sent, as_digits))
