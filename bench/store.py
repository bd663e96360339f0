"""How long the store takes to claim and book, on both databases, with a backlog if wanted.

    python -m bench.store --backlog 1000000

Prints one line a measure: the median and the slowest of all rounds, in milliseconds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import text

from sync.model import License, Licenses
from sync.ports.history import HistoryOutcome, Intent
from sync.ports.pending import Cause, Claim, Notice, Priority
from sync.ports.settling import Outcome, OutcomeKind
from sync.store import SqlStore, make_engine, upgrade
from tests.postgres import PostgresServer

ORG, FINGERPRINT, LEASE = "acme", "print", 60.0
FREEDOM = Licenses.of(License.CTI, License.FREEDOM)

_COLUMNS = (
    "org, user_id, username, version, cause, actor, priority, seen, noticed_at, due_at, attempts, "
    "error_code, error_reason, hold, hold_version, requested, held"
)
_VALUES = "'', 'reconcile', '', 1, 'seen', {now}, {now}, 0, '', '', '-', 0, '-', '-'"
_BACKLOG = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
    f"INSERT INTO pending_user ({_COLUMNS}) SELECT 'acme', printf('005B%014d', i), "
    + _VALUES.replace("'', 'rec", "'', i, 'rec").format(now="'2024-01-01 00:00:00.000000'")
    + " FROM n",
    "postgresql": f"INSERT INTO pending_user ({_COLUMNS}) "
    "SELECT 'acme', '005B' || lpad(i::text, 14, '0'), "
    + _VALUES.replace("'', 'rec", "'', i, 'rec").format(now="now()")
    + " FROM generate_series(1, :count) i",
}


def main() -> None:
    """Measure both databases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backlog", type=int, default=0, metavar="ROWS")
    parser.add_argument("--rounds", type=int, default=40)
    wanted = parser.parse_args()
    for name, make_url in (("SQLite", _sqlite), ("PostgreSQL", _postgres)):
        with make_url() as url:
            store = _prepared(url, wanted.backlog)
            print(f"{name}, {wanted.backlog:,} bulk rows waiting")
            _measure(store, wanted.rounds)
            store.engine.dispose()


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield f"sqlite:///{folder}/bench.db"


@contextmanager
def _postgres() -> Iterator[str]:
    server = PostgresServer(is_durable=True)
    try:
        server.start()
        yield server.url("postgres")
    finally:
        server.stop()


def _prepared(url: str, backlog: int) -> SqlStore:
    engine = make_engine(url)
    upgrade(engine)
    store = SqlStore(engine)
    store.arm(ORG, "00D", FINGERPRINT, "bench")
    if backlog:
        with engine.begin() as connection:
            connection.execute(text(_BACKLOG[engine.dialect.name]), {"count": backlog})
    return store


def _measure(store: SqlStore, rounds: int) -> None:
    _report("notice 1", _times(rounds, lambda i: _notice(store, 1, i)))
    _report("whole batch of 1", [_batch(store, 1, Priority.LIVE) for _ in range(rounds)])
    for size, times in ((200, rounds), (2000, 5)):
        spent: dict[str, list[float]] = {}
        for i in range(times):
            _notice(store, size, i)
            total = _batch(store, size, Priority.LIVE, spent)
            spent.setdefault("whole batch", []).append(total)
        for what, taken in spent.items():
            _report(f"{what} of {size} live", taken)
    _report("due_work", _times(rounds, lambda _: store.due_work()))
    _report("figures", _times(3, lambda _: store.figures()))
    bulk = [_claim_bulk(store) for _ in range(5)]
    if all(bulk):
        _report("claim of 2000 bulk", bulk)


def _times(rounds: int, act: Callable[[int], object]) -> list[float]:
    return [_spent(partial(act, i))[0] for i in range(rounds)]


def _spent(act: Callable[[], object]) -> tuple[float, object]:
    begun = time.perf_counter()
    result = act()
    return (time.perf_counter() - begun) * 1000, result


def _notice(store: SqlStore, count: int, mark: int) -> None:
    store.notice(
        ORG,
        [
            Notice(f"005A{i:014}", f"user{i}@acme.example", Cause.POLL, Priority.LIVE, f"s{mark}")
            for i in range(count)
        ],
    )


def _claim_bulk(store: SqlStore) -> float:
    return _spent(lambda: store.claim(ORG, FINGERPRINT, Priority.BULK, 2000, LEASE))[0]


def _batch(
    store: SqlStore,
    size: int,
    priority: Priority,
    spent: dict[str, list[float]] | None = None,
) -> float:
    """Claim, look, intend and book `size` users; milliseconds in all."""
    if size == 1:
        _notice(store, 1, 0)
    phases: dict[str, float] = {}
    phases["claim"], found = _spent(lambda: store.claim(ORG, FINGERPRINT, priority, size, LEASE))
    assert isinstance(found, Claim)
    claim = found
    assert len(claim.users) == size
    phases["context"], _ = _spent(lambda: store.context(claim))
    phases["renew"], _ = _spent(lambda: store.renew(claim, LEASE))
    intents = [_intent(user.user_id) for user in claim.users]
    phases["intents"], ids = _spent(lambda: store.record_intents(claim, intents))
    assert isinstance(ids, list)
    outcomes = [
        Outcome(user, OutcomeKind.SETTLED, history={id_: (HistoryOutcome.CONFIRMED, None)})
        for user, id_ in zip(claim.users, ids, strict=True)
    ]
    phases["book"], _ = _spent(lambda: store.book(claim, outcomes))
    if spent is not None:
        for phase, taken in phases.items():
            spent.setdefault(phase, []).append(taken)
    return sum(phases.values())


def _intent(user_id: str) -> Intent:
    return Intent(
        user_id=user_id,
        username="user@acme.example",
        cause=Cause.POLL,
        actor="005000000000001AAA",
        requested_before=FREEDOM,
        requested_after=FREEDOM,
        held_before=Licenses(),
        held_after=FREEDOM,
        status_after="In sync",
        why="as requested",
        policy="natterbox-2022/1",
    )


def _report(what: str, taken: list[float]) -> None:
    print(f"  {what:28} median {statistics.median(taken):8.2f} ms   most {max(taken):8.2f} ms")


if __name__ == "__main__":
    main()
