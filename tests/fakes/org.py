"""A Salesforce org in memory, behind the ports: the real gateway passes the same contract suite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sync.errors import CallFailed, Failure, Remedy
from sync.model import NONE, Flags, Licenses, UserRecord
from sync.ports.salesforce import (
    ApiUsage,
    Page,
    Position,
    Reading,
    RecordWrite,
    WriteResult,
    Written,
)

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
INTEGRATION = "005000000000001AAA"
ADMIN = "005000000000002AAA"

NO_ANSWER = "SERVER_UNAVAILABLE"


def record(number: int = 10, *, requested: Licenses = NONE, held: Licenses = NONE) -> UserRecord:
    """A user that nobody has synced yet."""
    return UserRecord(
        user_id=f"005{number:012d}AAA",
        username=f"user{number}@example.com",
        name=f"User {number}",
        active=True,
        requested=Flags(requested),
        held=Flags(held),
        in_recording_group=None,
        status=None,
        message=None,
        decided=None,
        modstamp=START,
        modified_at=START,
        modified_by=ADMIN,
    )


@dataclass
class FakeOrg:
    """Users, a clock in whole seconds, and faults to order.

    `before_write` runs between the arrival of a write call and its execution: a test puts there
    what happens in between. `refuse` maps user ids to the failure of their writes. `fail` is
    raised by the next call and taken away.
    """

    users: dict[str, UserRecord] = field(default_factory=dict)
    now: datetime = START + timedelta(minutes=5)
    refuse: dict[str, Failure] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    fail: CallFailed | None = None
    lose_answers: bool = False
    before_write: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)
    written: list[RecordWrite] = field(default_factory=list)
    organization: str = "00D000000000001AAA"
    session: str | None = None
    """The organization that the remembered login is of."""
    schema_problem: str | None = None
    page_size: int | None = None
    covered: timedelta = timedelta(seconds=1)
    allowed: int = 15_000
    """API calls of 24 hours; those of others count as well, and a call beyond is refused."""
    used_by_others: int = 0
    _usage: ApiUsage | None = None
    read_limit: int = 2000
    write_limit: int = 200
    conditional_limit: int = 25

    # --- what people do -----------------------------------------------------------------------

    def add(self, *records: UserRecord) -> None:
        """Put users into the org."""
        for one in records:
            self.users[one.user_id] = one

    def request(self, user_id: str, requested: Licenses, *, by: str = ADMIN) -> None:
        """An admin sets what is requested."""
        self._change(user_id, by, requested=Flags(requested))

    def edit(self, user_id: str, *, by: str = ADMIN, **changes: object) -> None:
        """Somebody sets other fields of the record."""
        self._change(user_id, by, **changes)

    def tick(self, seconds: float = 1.0) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def _change(self, user_id: str, by: str, **changes: object) -> None:
        stamp = self.now.replace(microsecond=0)
        self.users[user_id] = replace(
            self.users[user_id],
            **changes,  # type: ignore[arg-type]
            modstamp=stamp,
            modified_at=stamp,
            modified_by=by,
        )

    # --- OrgGateway ---------------------------------------------------------------------------

    @property
    def reader(self) -> "FakeOrg":
        return self

    @property
    def writer(self) -> "FakeOrg":
        return self

    @property
    def usage(self) -> ApiUsage | None:
        return self._usage

    def organization_id(self) -> str:
        if self.session is None:
            self.session = self.organization
        return self.session

    def forget_login(self) -> None:
        self.session = None

    def user_id(self) -> str:
        return INTEGRATION

    def check_schema(self) -> str | None:
        self._call("describe")
        return self.schema_problem

    def find(self, username: str) -> str | None:
        return next((u.user_id for u in self.users.values() if u.username == username), None)

    # --- UserReader ---------------------------------------------------------------------------

    def read(self, user_ids: Sequence[str]) -> Reading:
        self._call("read")
        assert len(user_ids) <= self.read_limit
        asked = frozenset(user_ids)
        seen = {i: self.users[i] for i in user_ids if i in self.users and i not in self.hidden}
        ours = {i: user for i, user in seen.items() if i not in self.outside}
        return Reading(ours, asked - seen.keys(), self._stamp(), asked & self.outside)

    def gone(self, user_ids: Sequence[str]) -> frozenset[str]:
        self._call("gone")
        return frozenset(self.deleted) & frozenset(user_ids)

    def changed_since(self, position: Position, limit: int) -> Page:
        after = (position.modstamp, position.user_id)
        rows = sorted(self._visible(), key=lambda u: (u.modstamp, u.user_id))
        return self._page([u for u in rows if (u.modstamp, u.user_id) > after], limit)

    def everyone(self, after_id: str, limit: int) -> Page:
        rows = sorted(self._visible(), key=lambda u: u.user_id)
        return self._page([u for u in rows if u.user_id > after_id], limit)

    def covered_until(self) -> datetime:
        self._call("updated")
        return self._stamp() - self.covered

    def server_time(self) -> datetime:
        self._call("versions")
        return self._stamp()

    def _page(self, rows: list[UserRecord], limit: int) -> Page:
        self._call("query")
        limit = min(limit, self.page_size or limit)
        return Page(tuple(rows[:limit]), len(rows) < limit, self._stamp())

    def _visible(self) -> list[UserRecord]:
        return [u for u in self.users.values() if u.user_id not in self.hidden | self.outside]

    def _stamp(self) -> datetime:
        return self.now.replace(microsecond=0)

    # --- UserWriter ---------------------------------------------------------------------------

    def write(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        assert 0 < len(writes) <= self.write_limit
        self._call("write")
        self.before_write()
        results = [self._write_one(w, guarded=False) for w in writes]
        return self._answer(writes, results)

    def write_if_unmodified(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        assert 0 < len(writes) <= self.conditional_limit
        self._call("guarded write")
        self.before_write()
        results = [self._write_one(w, guarded=True) for w in writes]
        return self._answer(writes, results)

    def _answer(
        self, writes: Sequence[RecordWrite], results: list[WriteResult]
    ) -> list[WriteResult]:
        if self.lose_answers:
            return [WriteResult(w.user_id, Written.UNKNOWN) for w in writes]
        return results

    def _write_one(self, write: RecordWrite, *, guarded: bool) -> WriteResult:
        failure = self.refuse.get(write.user_id)
        if failure is not None:
            return WriteResult(write.user_id, Written.REFUSED, failure)
        found = self.users[write.user_id]
        if guarded:
            assert write.unless_modified_since is not None
            if found.modified_at > write.unless_modified_since:
                return WriteResult(write.user_id, Written.MOVED)
        self.written.append(write)
        self._change(
            write.user_id,
            INTEGRATION,
            requested=Flags(_set(found.requested.on, write.requested)),
            held=Flags(_set(found.held.on, write.effective)),
            status=found.status if write.status is None else write.status,
            message=found.message if write.message is None else (write.message or None),
            decided=found.decided if write.decided is None else write.decided,
        )
        return WriteResult(write.user_id, Written.DONE)

    def _call(self, name: str) -> None:
        used = self.used_by_others + len(self.calls)
        self.calls.append(name)
        failed, self.fail = self.fail, None
        if failed is None or failed.failure.code != NO_ANSWER:
            self._usage = ApiUsage(used, self.allowed)
        if failed is not None:
            raise failed


def _set(flags: Licenses, changes: Mapping[object, bool]) -> Licenses:
    on = Licenses.union(name for name, value in changes.items() if value)  # type: ignore[misc]
    return (flags - Licenses.union(changes)) | on  # type: ignore[arg-type]


def refusal(
    code: str = "FIELD_CUSTOM_VALIDATION_EXCEPTION", remedy: Remedy = Remedy.PARK
) -> Failure:
    """Salesforce says no to one record."""
    return Failure(code, f"Salesforce refused the write ({code}).", remedy)


def call_failed(remedy: Remedy = Remedy.RETRY, *, maybe_arrived: bool = False) -> CallFailed:
    """A call that fails as a whole."""
    failure = Failure(NO_ANSWER, "Salesforce does not answer.", remedy, 2.0)
    return CallFailed(failure, maybe_arrived=maybe_arrived)
