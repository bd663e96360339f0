"""What an outbound message does: the users that it names are looked at, and that is all.

Nobody signs such a message. So it can be wrong in every way and do no harm: it carries no flags
to here, and whoever looks reads the record again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sync.ports.orgs import OrgStore
from sync.ports.outbound import OutboundMessage
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.scans import IntakeStore

SAME = 15
"""Characters that say which organization it is; three more only repeat their case."""


class OutboundStore(OrgStore, IntakeStore, Protocol):
    """All that a message needs of the store."""


class Turned(StrEnum):
    """Why a message is not taken, and has to come again."""

    NOT_KNOWN = "The org has not answered yet, so nobody knows which organization it is."
    OTHER_ORGANIZATION = "The message is from another organization than this org's."


@dataclass(frozen=True, slots=True)
class Taken:
    """What is committed. `ignored` notifications are of other objects."""

    notifications: int
    ignored: int
    changed: int


def take(
    store: OutboundStore, org: str, message: OutboundMessage, key_prefix: str | None
) -> Taken | Turned:
    """Commit that these users have to be looked at; only then may the message be acknowledged."""
    known = store.state(org).organization_id
    if known is None:
        return Turned.NOT_KNOWN
    if message.organization_id[:SAME] != known[:SAME]:
        return Turned.OTHER_ORGANIZATION
    notices, ignored = notices_of(message, key_prefix)
    changed = store.notice(org, notices) if notices else 0
    return Taken(len(message.notifications), ignored, changed)


def notices_of(message: OutboundMessage, key_prefix: str | None) -> tuple[list[Notice], int]:
    """A notice for each user, and how many notifications are of no user of ours.

    The notice's mark is the newest notification's id: the same message once more changes nothing.
    """
    newest: dict[str, str] = {}
    ignored = 0
    for notification in message.notifications:
        user_id = notification.record_id
        if user_id is None or not user_id.startswith(key_prefix or ""):
            ignored += 1
        else:
            newest[user_id] = max(newest.get(user_id, ""), notification.id)
    notices = [
        Notice(user_id, "", Cause.OUTBOUND, Priority.LIVE, seen=f"outbound {mark}")
        for user_id, mark in newest.items()
    ]
    return notices, ignored
