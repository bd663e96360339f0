"""Records as if they had been read."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sync.model import Flags, UserRecord

READ = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_record(user_id: str, **more: Any) -> UserRecord:
    """A user who asks for nothing and has nothing."""
    plain = UserRecord(
        user_id=user_id,
        username=f"{user_id}@acme.example",
        name=f"User {user_id}",
        active=True,
        requested=Flags(),
        held=Flags(),
        in_recording_group=None,
        status="In sync",
        message=None,
        decided="-",
        modstamp=READ,
        modified_at=READ,
        modified_by=None,
    )
    return replace(plain, **more)
