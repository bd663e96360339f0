"""When a fault strikes: after a while, every so often, at random but always the same."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.clock import Clock
from simulator.faults import Faults, Target
from simulator.faults.fault import Fault
from simulator.faults.schedule import DEFAULT_KINDS, draw_schedule
from tests.simulator.running import Client, Simulator

READ = Target("GET", "/services/data/v60.0/limits?", "integration")


class StoppedClock(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.time = 1000.0

    def now(self) -> float:
        return self.time


def hits(faults: Faults, clock: StoppedClock, times: list[float]) -> list[bool]:
    found = []
    for time in times:
        clock.time = 1000.0 + time
        found.append(faults.take("html", READ) is not None)
    return found


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [True, True, True, True]),
        ({"from": 5}, [False, True, True, True]),
        ({"from": 5, "until": 20}, [False, True, False, False]),
        ({"until": 15}, [True, True, False, False]),
        ({"after": 10, "for": 15}, [False, True, True, False]),
        ({"for": 12}, [True, True, False, False]),
        ({"after": 15}, [False, False, True, True]),
    ],
)
def test_a_fault_has_its_time(when: dict[str, Any], expected: list[bool]) -> None:
    clock = StoppedClock()
    faults = Faults(clock)
    faults.add({"kind": "html", **when})
    assert hits(faults, clock, [0, 10, 20, 30]) == expected


def test_a_fault_without_times_does_not_mind_a_clock_set_back() -> None:
    clock = StoppedClock()
    faults = Faults(clock)
    faults.add({"kind": "html"})
    assert hits(faults, clock, [-500]) == [True]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({"every": 3}, [3, 6]),
        ({"calls": [1, 4]}, [1, 4]),
        ({"every": 2, "count": 2}, [2, 4]),
        ({"calls": [2, 3, 5], "count": 2}, [2, 3]),
    ],
)
def test_a_fault_picks_calls_by_their_number(which: dict[str, Any], expected: list[int]) -> None:
    faults = Faults(Clock())
    faults.add({"kind": "html", **which})
    struck = [n for n in range(1, 8) if faults.take("html", READ)]
    assert struck == expected


def test_calls_that_do_not_match_are_not_counted() -> None:
    faults = Faults(Clock())
    faults.add({"kind": "html", "calls": [2], "match": {"path": "limits"}})
    other = Target("GET", "/services/data/v60.0/sobjects?", "integration")
    struck = [bool(faults.take("html", target)) for target in (READ, other, other, READ)]
    assert struck == [False, False, False, True]


def test_several_at_once_or_none(org: Simulator, sync: Client) -> None:
    orders = [{"kind": "error", "code": "QUERY_TIMEOUT", "calls": [1]}, {"kind": "nope"}]
    answer = org.anyone.call("POST", "/__control__/faults/schedule", json=orders)
    assert answer.status_code == 400
    assert org.control("GET", "faults")["faults"] == []
    orders[1] = {"kind": "html_503", "calls": [2]}
    found = org.control("POST", "faults/schedule", orders)["faults"]
    assert [f["kind"] for f in found] == ["error", "html_503"]
    assert [sync.call("GET", "limits").status_code for _ in range(3)] == [400, 503, 200]


def test_the_org_s_clock_counts(org: Simulator, sync: Client) -> None:
    org.fault("error", code="UNKNOWN_EXCEPTION", **{"from": 3600, "until": 7200})
    statuses = []
    for offset in (0, 3700, 7300):
        org.control("POST", "clock", {"offset": offset})
        statuses.append(sync.call("GET", "limits").status_code)
    assert statuses[:2] == [200, 500]
    assert statuses[2] in (200, 401)  # the token's two hours are over as well


def test_a_field_is_hidden_for_a_while(org: Simulator, sync: Client) -> None:
    def shown() -> bool:
        fields = sync.call("GET", "sobjects/User/describe").json()["fields"]
        return "Requested_PCI__c" in {f["name"] for f in fields}

    org.fault("hidden_field", field="Requested_PCI__c", **{"from": 100, "until": 200})
    seen = []
    for offset in (0, 150, 250):
        org.control("POST", "clock", {"offset": offset})
        seen.append(shown())
    assert seen == [True, False, True]


def test_random_trouble_is_the_same_for_a_seed(org: Simulator) -> None:
    order = {"seed": 11, "seconds": 60, "most": 30}
    first = org.control("POST", "faults/random", order)["faults"]
    org.control("DELETE", "faults")
    second = org.control("POST", "faults/random", order)["faults"]
    other = draw_schedule({**order, "seed": 12})

    def plain(faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
        own = ("id", "left", "hits", "seen", "active")
        return [{k: v for k, v in f.items() if k not in own} for f in faults]

    assert plain(first) == plain(second) == draw_schedule(order) != other
    assert plain(org.control("GET", "faults")["faults"]) == plain(second)


def test_random_trouble_ends_in_time_and_keeps_to_its_kinds() -> None:
    drawn = draw_schedule({"seed": 3, "seconds": 20, "most": 200})
    assert {d["kind"] for d in drawn} == set(DEFAULT_KINDS)
    assert all(0 <= d["from"] < d["until"] <= 20 for d in drawn)
    assert {d["kind"] for d in draw_schedule({"seconds": 9, "kinds": ["html"]})} == {"html"}
    assert all(Fault(1, d, 0.0).share < 1 for d in drawn)


def test_every_kind_can_be_drawn_and_ordered() -> None:
    for kind in DEFAULT_KINDS:
        Faults(Clock()).add(*draw_schedule({"seconds": 5, "kinds": [kind]}))


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"seconds": 0},
        {"seconds": 5, "kinds": ["nope"]},
        {"seconds": 5, "kinds": []},
        {"seconds": 5, "most": 0},
        {"seconds": 5, "sead": 1},
    ],
)
def test_random_trouble_that_makes_no_sense(org: Simulator, order: dict[str, Any]) -> None:
    assert org.anyone.call("POST", "/__control__/faults/random", json=order).status_code == 400


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "html", "from": 1, "after": 2},
        {"kind": "html", "every": 0},
        {"kind": "html", "calls": [0]},
        {"kind": "html", "calls": "1"},
        {"kind": "html", "share": 1.5},
        {"kind": "slow_drip"},
        {"kind": "slow_answer", "seconds": "1"},
        {"kind": "error"},
        {"kind": "error", "code": "CONCURRENT_REQUESTS_LIMIT_EXCEEDED"},
        {"kind": "record_error", "code": "API_DISABLED_FOR_ORG"},
        {"kind": "removed_field"},
        {"kind": "answer"},
        {"kind": "html", "status": 42},
    ],
)
def test_an_order_is_checked(order: dict[str, Any]) -> None:
    faults = Faults(Clock())
    with pytest.raises(ValueError, match=r"\w"):
        faults.add(order)
    assert faults.json() == []
