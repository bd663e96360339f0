"""Quota over a rolling window, long-running calls, the clock, retired versions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.clock import Clock
from simulator.concurrency import Concurrency
from simulator.database import Database
from simulator.quota import Quota
from tests.simulator.running import Client, Simulator

DAY = 24 * 3600


@pytest.fixture
def org(org: Simulator) -> Iterator[Simulator]:
    yield org
    org.control("POST", "clock", {"offset": 0, "speed": 1})
    limits = {"max": 10_000_000, "used": 0, "window": DAY, "concurrent": 25, "long_seconds": 20}
    org.control("POST", "quota", limits)
    org.control("POST", "versions", {"retired": []})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "org.db")
    found.set_setting("api_max", "10")
    yield found
    found.close()


class SetClock(Clock):
    time = 1_000_000.0

    def now(self) -> float:
        return self.time


def test_uses_fall_out_of_the_window_in_their_order(database: Database) -> None:
    clock = SetClock()
    quota = Quota(database, clock)
    quota.configure(window=100)
    used = []
    for seconds, calls in ((0, 4), (50, 5), (99, 1), (101, 0), (151, 0), (300, 0)):
        clock.time = SetClock.time + seconds
        quota.spend(calls)
        used.append((quota.used, quota.exhausted))
    assert used == [(4, False), (9, False), (10, True), (6, False), (1, False), (0, False)]


def test_uses_of_a_day_survive_a_restart_and_leave_the_file(database: Database) -> None:
    clock = SetClock()
    Quota(database, clock).spend(3)
    clock.time += 3600
    Quota(database, clock).spend(2)
    assert Quota(database, clock).used == 5
    clock.time += DAY - 3000
    quota = Quota(database, clock)
    assert quota.used == 2
    quota.spend(1)
    assert database.execute("SELECT sum(calls) FROM api_use").fetchone() == (3,)


def test_a_set_number_of_uses_counts_from_now(database: Database) -> None:
    clock = SetClock()
    quota = Quota(database, clock)
    quota.configure(most=50, used=49)
    clock.time += DAY - 120
    assert quota.used == 49
    clock.time += 240
    assert quota.used == 0


def test_an_exhausted_org_recovers_by_itself(org: Simulator, sync: Client) -> None:
    org.control("POST", "settings", {"token_lifetime": 10 * DAY})
    sync = org.login()
    org.control("POST", "quota", {"max": 100, "used": 100})
    refused = sync.call("GET", "limits")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.headers["Sforce-Limit-Info"] == "api-usage=100/100"
    org.control("POST", "clock", {"offset": DAY + 120})
    answer = sync.call("GET", "limits")
    assert answer.json()["DailyApiRequests"] == {"Max": 100, "Remaining": 100}
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=1/100"
    org.control("POST", "settings", {"token_lifetime": 7200})


def test_a_short_window_rolls_in_real_time(org: Simulator, sync: Client) -> None:
    org.control("POST", "quota", {"max": 2, "used": 0, "window": 2})
    statuses = [sync.call("GET", "limits").status_code for _ in range(3)]
    assert statuses == [200, 200, 403]
    time.sleep(3.1)
    assert sync.call("GET", "limits").status_code == 200


def test_long_calls_are_counted_while_they_run() -> None:
    concurrency = Concurrency(most=1, long_seconds=0.02)
    with concurrency.running():
        assert not concurrency.exhausted
        time.sleep(0.03)
        with concurrency.running():
            assert concurrency.exhausted
            assert concurrency.long_running == 1
    assert not concurrency.exhausted


def test_too_many_long_calls(org: Simulator, sync: Client, admin: Client) -> None:
    org.control("POST", "quota", {"concurrent": 2, "long_seconds": 0.2})
    org.fault("slow_answer", seconds=1.5, count=2, match={"path": "/limits"})
    clients = [org.login(), org.login()]
    threads = [threading.Thread(target=c.call, args=("GET", "limits")) for c in clients]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert sync.call("GET", "sobjects").status_code == 200
    time.sleep(0.5)
    refused = sync.call("GET", "sobjects")
    assert refused.status_code == 403
    assert refused.json()[0]["message"].startswith("ConcurrentRequests")
    assert admin.call("GET", "sobjects").status_code == 403
    assert org.control("GET", "state")["long_running"] == 2
    for thread in threads:
        thread.join()
    assert sync.call("GET", "sobjects").status_code == 200


def test_time_runs_faster_and_stops(org: Simulator) -> None:
    org.control("POST", "clock", {"offset": 10, "speed": 1000})
    time.sleep(0.1)
    gone = org.control("GET", "state")["clock_offset"]
    assert gone > 100
    stopped = org.control("POST", "clock", {"speed": 0})["now"]
    time.sleep(0.05)
    assert org.control("GET", "state")["now"] == pytest.approx(stopped, abs=0.001)
    assert org.control("POST", "clock", {"offset": 0, "speed": 1})["offset"] == 0
    assert org.control("GET", "state")["clock_offset"] == 0


def test_versions_are_retired_while_the_org_runs(org: Simulator, sync: Client) -> None:
    def version(number: int) -> int:
        return sync.call("GET", f"/services/data/v{number}.0/limits").status_code

    def listed() -> set[str]:
        return {v["version"] for v in org.anyone.call("GET", "/services/data").json()}

    assert (version(59), version(31)) == (200, 200)
    org.control("POST", "versions", {"retired": ["31.0", "59.0"]})
    assert (version(59), version(31), version(60)) == (410, 410, 200)
    assert sync.call("GET", "limits").json()[0]["errorCode"] == "UNSUPPORTED_API_VERSION"
    assert not {"31.0", "59.0"} & listed()
    assert org.control("GET", "state")["retired_versions"] == ["31.0", "59.0"]
    org.control("POST", "versions", {"retired": []})
    assert (version(59), version(31)) == (200, 200)
    assert {"31.0", "59.0"} <= listed()


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("clock", {"speed": -1}),
        ("clock", {"offset": True}),
        ("quota", {"window": 0}),
        ("quota", {"used": "many"}),
        ("quota", {"concurrent": -1}),
        ("versions", {"retired": ["31"]}),
        ("versions", {"retired": "31.0"}),
        ("versions", {}),
    ],
)
def test_nonsense_is_refused(org: Simulator, name: str, order: dict[str, object]) -> None:
    answer = org.anyone.call("POST", f"/__control__/{name}", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]
