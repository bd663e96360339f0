"""How long listings take over much: `python -m bench.pages [--sqlite] [--keep DIR] [--small N]`.

1,000,000 known users, 100,000 entries of the log, 1,000,000 rows of history, a plan of 50,000
items. Prints one line a question: the median and the slowest but one in twenty, in milliseconds.
`--keep DIR` leaves the database there and finds it again the next time.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy.engine import Engine

from bench.filling import ORGS, PLAN, SIZES, fill, is_filled
from sync.model import FindingKind, License
from sync.ports.browse import (
    FIRST,
    Change,
    EntryQuery,
    EntrySort,
    HistoryQuery,
    ItemQuery,
    Listing,
    ParkedQuery,
    Place,
    RunQuery,
    UserQuery,
)
from sync.ports.conflict_log import EntryStatus
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.store import SqlStore, make_engine, upgrade
from tests.postgres import PostgresServer

TARGET = 300.0
DEEP_PAGES = 100

Question = Callable[[], Any]
Paged = Callable[[Place], Listing[Any]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench pages", description=__doc__.splitlines()[0])
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--small", type=int, default=1, metavar="N", help="an N-th of the rows")
    parser.add_argument("--rounds", type=int, default=15)
    wanted = parser.parse_args()
    with database(sqlite=wanted.sqlite, keep=wanted.keep) as url:
        engine = make_engine(url)
        prepare(engine, wanted.small)
        slowest = measure(SqlStore(engine), wanted.rounds)
        engine.dispose()
    print(f"slowest median {slowest:.0f} ms, wanted below {TARGET:.0f} ms")
    return 0 if slowest < TARGET else 1


@contextmanager
def database(*, sqlite: bool, keep: Path | None) -> Iterator[str]:
    """The address of a database in a folder; PostgreSQL runs meanwhile."""
    with TemporaryDirectory(dir="/var/tmp") as made:
        folder = keep.resolve() if keep else Path(made)
        folder.mkdir(exist_ok=True, parents=True)
        if sqlite:
            yield f"sqlite:///{folder}/bench.db"
            return
        server = PostgresServer(folder=folder if keep else None)
        try:
            server.start()
            yield server.url("postgres")
        finally:
            server.stop()


def prepare(engine: Engine, part: int = 1) -> None:
    """Tables and rows, unless they are there."""
    upgrade(engine)
    if is_filled(engine):
        return
    sizes = {name: max(1, size // part) for name, size in SIZES.items()}
    for name, seconds in fill(engine, sizes):
        print(f"filled {name}: {sizes.get(name, 0):,} rows, {seconds:.0f} s", flush=True)


def measure(store: SqlStore, rounds: int) -> float:
    """Ask everything; the slowest median."""
    slowest = 0.0
    for name, ask in questions(store):
        ask()
        times = sorted(_milliseconds(ask) for _ in range(rounds))
        median, p95 = statistics.median(times), times[min(int(rounds * 0.95), rounds - 1)]
        mark = "  <-- slow" if median >= TARGET else ""
        print(f"{name:<44} median {median:7.1f} ms   p95 {p95:7.1f} ms{mark}", flush=True)
        slowest = max(slowest, median)
    return slowest


def questions(store: SqlStore) -> Iterator[tuple[str, Question]]:
    """What pages ask, by what a person would call it."""
    yield "figures", store.figures
    for hours in (24, 24 * 7):
        for orgs in (None, frozenset({ORGS[0]}), frozenset({ORGS[-1]})):
            yield f"activity, {hours} h, {_who(orgs)}", lambda h=hours, o=orgs: store.activity(o, h)
    for name, listing in _listings(store):
        yield from _pages(name, listing)
    page = store.list_history(HistoryQuery())
    users = [(row.org, row.intent.user_id) for row in page.rows]
    yield "names of 50 users", lambda: store.names_of(users)
    yield "totals of the plan", lambda: store.totals(PLAN)


def _who(orgs: frozenset[str] | None) -> str:
    return "all orgs" if orgs is None else f"org {min(orgs)}"


def _pages(name: str, listing: Paged) -> Iterator[tuple[str, Question]]:
    """The first page, and the last one or one that is 20,000 rows in."""
    yield f"{name}, first", lambda: listing(FIRST)
    mark, where = None, "deep"
    for _ in range(DEEP_PAGES):
        page = listing(Place(after=mark, limit=200, counted=False))
        if page.following is None:
            where = "last"
            break
        mark = page.following
    if mark is not None:
        yield f"{name}, {where}", lambda: listing(Place(after=mark))
        yield f"{name}, back from there", lambda: listing(Place(before=mark))


def _listings(store: SqlStore) -> Iterator[tuple[str, Paged]]:
    yield from _entries(store)
    yield from _users(store)
    yield from _history(store)
    for name, items in {
        "plan": ItemQuery(PLAN),
        "plan, who loses": ItemQuery(PLAN, change=Change.LOSES),
        "plan, who loses PCI": ItemQuery(PLAN, change=Change.LOSES, license=License.PCI),
        "plan, nothing changes": ItemQuery(PLAN, change=Change.NEITHER),
        "plan, a name": ItemQuery(PLAN, search="zora q"),
    }.items():
        yield name, partial(store.list_items, items)
    for name, parked in {
        "parked": ParkedQuery(),
        "parked, small org": ParkedQuery(orgs=frozenset({ORGS[-1]})),
        "parked, a name": ParkedQuery(search="zora q"),
    }.items():
        yield name, partial(store.list_parked, parked)
    yield "runs", partial(store.list_runs, RunQuery())


def _entries(store: SqlStore) -> Iterator[tuple[str, Paged]]:
    small, several = frozenset({ORGS[-1]}), frozenset(ORGS[1:4])
    now = store.now()
    for name, query in {
        "entries": EntryQuery(),
        **{f"entries, {sort.value}": EntryQuery(sort=sort) for sort in EntrySort},
        "entries, all statuses": EntryQuery(statuses=()),
        "entries, resolved": EntryQuery(statuses=(EntryStatus.RESOLVED,)),
        "entries, deciding": EntryQuery(statuses=(EntryStatus.DECIDING,)),
        "entries, small org": EntryQuery(orgs=small),
        "entries, small org by user": EntryQuery(orgs=small, sort=EntrySort.USER),
        "entries, several orgs": EntryQuery(orgs=several),
        "entries, refusals": EntryQuery(kind=FindingKind.REFUSAL),
        "entries, a rare license": EntryQuery(license=License.INSIGHT),
        "entries, older than a year": EntryQuery(opened_before=now - timedelta(days=365)),
        "entries, a username": EntryQuery(search="user900"),
        "entries, a frequent name": EntryQuery(search="a"),
        "entries, a rare name": EntryQuery(search="zora q"),
        "entries, nobody": EntryQuery(search="nobody at all"),
    }.items():
        yield name, partial(store.list_entries, query)


def _users(store: SqlStore) -> Iterator[tuple[str, Paged]]:
    big, small = frozenset({ORGS[0]}), frozenset({ORGS[-1]})
    for name, query in {
        "users": UserQuery(),
        "users, big org": UserQuery(big),
        "users, small org": UserQuery(small),
        "users, several orgs": UserQuery(frozenset(ORGS[1:4])),
        "users, no such org": UserQuery(frozenset({"nowhere"})),
        "users, every username": UserQuery(search="user"),
        "users, some usernames": UserQuery(search="user77"),
        "users, small org, every username": UserQuery(small, "user"),
        "users, a frequent name": UserQuery(search="a"),
        "users, a frequent name in a small org": UserQuery(small, "a"),
        "users, a rare name": UserQuery(search="zora q"),
        "users, an id": UserQuery(search="005000000777777AAA"),
        "users, nobody": UserQuery(search="nobody at all"),
    }.items():
        yield name, partial(store.list_users, query)


def _history(store: SqlStore) -> Iterator[tuple[str, Paged]]:
    now, small = store.now(), frozenset({ORGS[-1]})
    for name, query in {
        "history": HistoryQuery(),
        "history, small org": HistoryQuery(orgs=small),
        "history, several orgs": HistoryQuery(orgs=frozenset(ORGS[1:4])),
        "history, one user": HistoryQuery(user_id="005000000000042AAA"),
        "history, by polls": HistoryQuery(causes=(Cause.POLL,)),
        "history, by people": HistoryQuery(causes=(Cause.RESOLUTION, Cause.ADOPT)),
        "history, a cause that never was": HistoryQuery(causes=(Cause.APPROVAL,)),
        "history, one admin": HistoryQuery(actor="admin7@acme.example"),
        "history, nobody's doing": HistoryQuery(actor="nobody"),
        "history, a frequent license": HistoryQuery(license=License.FREEDOM),
        "history, a rare license": HistoryQuery(license=License.INSIGHT),
        "history, a license that never was": HistoryQuery(license=License.PCI),
        "history, refused": HistoryQuery(outcomes=(HistoryOutcome.REFUSED,)),
        "history, confirmed": HistoryQuery(outcomes=(HistoryOutcome.CONFIRMED,)),
        "history, one run": HistoryQuery(run_id=PLAN),
        "history, half a year ago": HistoryQuery(until=now - timedelta(days=180)),
        "history, that day": HistoryQuery(
            since=now - timedelta(days=181), until=now - timedelta(days=180)
        ),
        "history, a username": HistoryQuery(search="user900"),
        "history, every username": HistoryQuery(search="user"),
        "history, a frequent name": HistoryQuery(search="a"),
        "history, a rare name": HistoryQuery(search="zora q"),
        "history, nobody": HistoryQuery(search="nobody at all"),
    }.items():
        yield name, partial(store.list_history, query)


def _milliseconds(ask: Question) -> float:
    begun = time.perf_counter()
    ask()
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    sys.exit(main())
