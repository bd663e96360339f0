"""What an outbound message says, once somebody has read it: who was saved, and nothing else.

Its fields are not here: they are as old as the message, and nobody signed it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sync.errors import SyncError


class OddMessage(SyncError):
    """What came is no outbound message; the text says why, and quotes nothing of it."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One save. `record_id` is None where what stood there is no id; ids have 18 characters."""

    id: str
    record_id: str | None


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """Up to a hundred notifications of one organization, acknowledged together or not at all."""

    organization_id: str
    notifications: tuple[Notification, ...]


MessageReader = Callable[[bytes], OutboundMessage]
"""Raises OddMessage."""
