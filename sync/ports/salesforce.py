"""Reading and writing Salesforce: two ports, so that what decides cannot write.

Times are Salesforce's, aware and UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sync.errors import Failure
from sync.model import License, UserRecord


@dataclass(frozen=True, slots=True)
class Position:
    """How far a scan by (SystemModstamp, Id) has come: this row and all before it are read."""

    modstamp: datetime
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one scan, in its order.

    `last` is True only when Salesforce said that the answer is whole and it holds fewer rows than
    the limit. `server_time` is the Date header of the answer.
    """

    records: tuple[UserRecord, ...]
    last: bool
    server_time: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What a re-read by id gave: a record for each id that could be read, and the rest.

    `outside` are users that are there and not in scope: not ours to write to.
    """

    records: Mapping[str, UserRecord]
    unreadable: frozenset[str]
    server_time: datetime
    outside: frozenset[str] = frozenset()


class UserReader(Protocol):
    """Reads user records. Every method may raise CallFailed; a short or odd answer does too."""

    read_limit: int
    """The most ids of one `read`."""

    def read(self, user_ids: Sequence[str]) -> Reading:
        """Read these users as they are now; at most `read_limit` of them, one call."""
        ...

    def gone(self, user_ids: Sequence[str]) -> frozenset[str]:
        """Which of these ids, unreadable just now, are deleted according to queryAll."""
        ...

    def changed_since(self, position: Position, limit: int) -> Page:
        """Up to `limit` users in scope that come after `position`, by (SystemModstamp, Id)."""
        ...

    def everyone(self, after_id: str, limit: int) -> Page:
        """Up to `limit` users in scope with an id greater than `after_id` ("" = the first)."""
        ...

    def covered_until(self) -> datetime:
        """Salesforce's latestDateCovered: no change stamped earlier will become visible later."""
        ...

    def server_time(self) -> datetime:
        """The server's clock, from the Date header of a cheap call."""
        ...


@dataclass(frozen=True, slots=True)
class RecordWrite:
    """The owned fields to write to one record; what is None or empty is left alone.

    `requested` is only ever filled to carry out a resolution or an adoption; such a write goes
    out under `unless_modified_since` (the LastModifiedDate that was read), or not at all.
    """

    user_id: str
    effective: Mapping[License, bool] = field(default_factory=dict)
    status: str | None = None
    message: str | None = None
    decided: str | None = None
    requested: Mapping[License, bool] = field(default_factory=dict)
    unless_modified_since: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        texts = (self.status, self.message, self.decided)
        return not self.effective and not self.requested and all(t is None for t in texts)


class Written(StrEnum):
    """What became of one record of a write call."""

    DONE = "done"
    REFUSED = "refused"
    MOVED = "moved"
    """Only conditional writes: the record was changed since it was read; nothing was written."""
    UNKNOWN = "unknown"
    """It may or may not have been written; only reading tells."""
    NOT_SENT = "not sent"
    """Settle's own answer for records of a call that it did not make, or that never left."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one record of a write call; `failure` is there when it was refused."""

    user_id: str
    written: Written
    failure: Failure | None = None


class UserWriter(Protocol):
    """Writes user records, one call a method; raises CallFailed when a call failed as a whole.

    Results come in the order of the writes, one each. A call that may have arrived without an
    answer gives UNKNOWN for all of its records instead of raising.
    """

    write_limit: int
    """The most records of one `write`."""
    conditional_limit: int
    """The most records of one `write_if_unmodified`."""

    def write(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        """Write owned fields, unconditionally."""
        ...

    def write_if_unmodified(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        """Write each record only if it is as old as its `unless_modified_since` says."""
        ...


# --- the org as a whole ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ApiUsage:
    """API calls of the last 24 hours, and how many the org may make."""

    used: int
    allowed: int


class OrgGateway(Protocol):
    """One org's API: who answers, whether its schema fits, and the two ports."""

    @property
    def reader(self) -> UserReader:
        """Reads its users."""
        ...

    @property
    def writer(self) -> UserWriter:
        """Writes its users."""
        ...

    @property
    def usage(self) -> ApiUsage | None:
        """API usage as the last answer gave it."""
        ...

    def organization_id(self) -> str:
        """The 18-character id of the organization that the login leads to; may CallFailed."""
        ...

    def forget_login(self) -> None:
        """Log in anew before the next call."""
        ...

    def user_id(self) -> str:
        """The 18-character id of the user that we read and write as; may CallFailed."""
        ...

    def check_schema(self) -> str | None:
        """One sentence that says which fields are wrong and what to grant; None: all fit."""
        ...

    def find(self, username: str) -> str | None:
        """The id of the user in scope with this username; may CallFailed."""
        ...
