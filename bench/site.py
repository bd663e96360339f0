"""How long pages take over much: `python -m bench.site [--sqlite] [--keep DIR] [--small N]`.

The same rows as `bench pages`, asked for as a browser does: signed in, through the whole
application, the answer read to its end. Prints median and p95 of each page in milliseconds.
"""

import argparse
import os
import re
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from starlette.testclient import TestClient

from admin.server import application
from admin.signin.passwords import Passwords
from bench.filling import ORGS, PLAN
from bench.pages import TARGET, database, prepare
from config.settings import PREFIX, Settings
from sync.ports.accounts import NewAccount, Role
from sync.ports.browse import EntryQuery, EntrySort, Place
from sync.store import SqlStore, make_engine
from sync.store.browse_tables import known_user

NAME, PASSWORD = "bench", "only for this measurement"
DEEP = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench site", description=__doc__.splitlines()[0])
    parser.add_argument("--sqlite", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR")
    parser.add_argument("--small", type=int, default=1, metavar="N", help="an N-th of the rows")
    parser.add_argument("--rounds", type=int, default=15)
    wanted = parser.parse_args()
    with database(sqlite=wanted.sqlite, keep=wanted.keep) as url, TemporaryDirectory() as state:
        engine = make_engine(url)
        prepare(engine, wanted.small)
        slowest = measure(signed_in(url, state, SqlStore(engine)), SqlStore(engine), wanted.rounds)
        engine.dispose()
    print(f"slowest median {slowest:.0f} ms, wanted below {TARGET:.0f} ms")
    return 0 if slowest < TARGET else 1


def signed_in(url: str, state: str, store: SqlStore) -> TestClient:
    """A browser in which somebody is signed in who sees every org."""
    for org in ORGS[:3]:
        for name, value in (("LOGIN_URL", "https://localhost:1"), ("CLIENT_ID", "id")):
            os.environ[f"{PREFIX}ORGS__{org.upper()}__{name}"] = value
        os.environ[f"{PREFIX}ORGS__{org.upper()}__CLIENT_SECRET"] = "none"
    if NAME not in {account.name for account in store.accounts()}:
        hashed = Passwords().hash(PASSWORD)
        store.create_account(NewAccount(NAME, Role.ADMIN, None, hashed), NAME)
    settings = Settings.model_validate({"database_url": url, "state_dir": state})
    browser = TestClient(application(settings), base_url="http://localhost:8477")
    token = re.search(r'name="csrftoken" value="([^"]+)"', browser.get("/login").text)
    assert token
    form = {"name": NAME, "password": PASSWORD, "csrftoken": token[1]}
    assert "Sign out" in browser.post("/login", data=form).text
    return browser


def measure(browser: TestClient, store: SqlStore, rounds: int) -> float:
    slowest = 0.0
    for name, path in pages(store):
        answer = browser.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        times = sorted(_milliseconds(browser, path) for _ in range(rounds))
        median, p95 = statistics.median(times), times[min(int(rounds * 0.95), rounds - 1)]
        mark = "  <-- slow" if median >= TARGET else ""
        print(f"{name:<44} median {median:7.1f} ms   p95 {p95:7.1f} ms{mark}", flush=True)
        slowest = max(slowest, median)
    return slowest


def pages(store: SqlStore) -> list[tuple[str, str]]:
    """What people open, by name and path."""
    mark, entry = _deep(store)
    with store.reading() as connection:
        user = connection.execute(select(known_user).limit(1)).one()
    name = user.username[:6]
    return [
        ("overview", "/"),
        ("conflicts", "/conflicts"),
        ("conflicts, 10,000 rows in", f"/conflicts?after={mark}"),
        ("conflicts, resolved, by user", "/conflicts?status=resolved&sort=user"),
        ("conflicts, one license, a week old", "/conflicts?license=SCV&age=7d"),
        ("conflicts, the beginning of a name", f"/conflicts?q={name}"),
        ("conflicts, seen most often", "/conflicts?sort=most+seen"),
        ("one conflict", f"/conflicts/{entry}"),
        ("users", "/users"),
        ("users, the beginning of a name", f"/users?q={name}"),
        ("users, an id", f"/users?q={user.user_id}"),
        ("one user", f"/users/{user.org}/{user.user_id}"),
        ("history", "/history"),
        ("history, one license", "/history?license=PCI"),
        ("history, the beginning of a name", f"/history?q={name}"),
        ("history, refused", "/history?outcome=refused"),
        ("parked", "/parked"),
        ("runs", "/runs"),
        ("a plan of 50,000 users", f"/runs/{PLAN}"),
        ("a plan, who loses a license", f"/runs/{PLAN}?change=loses&license=PBX"),
        ("alerts", "/alerts"),
        ("access", "/access"),
    ]


def _deep(store: SqlStore) -> tuple[str, int]:
    """A mark far into the log, and an entry there."""
    mark: str | None = None
    entry = 0
    for _ in range(DEEP):
        page = store.list_entries(
            EntryQuery(sort=EntrySort.NEWEST), Place(after=mark, limit=100, counted=False)
        )
        entry = page.rows[-1].id
        if page.following is None:
            break
        mark = page.following
    return mark or "", entry


def _milliseconds(browser: TestClient, path: str) -> float:
    started = time.perf_counter()
    browser.get(path)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
