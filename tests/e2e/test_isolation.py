"""One org's trouble keeps no other org waiting, with the workers that `up` starts."""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median

import pytest

from tests.e2e.harness import (
    ORG,
    Program,
    Salesforce,
    is_idle,
    pointed_at,
    running,
    salesforce,
    wait_for,
)
from tests.e2e.waiting import Askers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

OTHERS = ("beta", "gamma")
ARMED = "SELECT count(*) FROM org_state WHERE armed_fingerprint IS NOT NULL"
FLOOR_SECONDS = 5.0
"""What a busy machine may add; an answer of the slow org takes 20."""


@pytest.fixture
def orgs(tmp_path: Path) -> Iterator[dict[str, Salesforce]]:
    """Three orgs of 60 users."""
    with ExitStack() as stack:
        made = {}
        for name in (ORG, *OTHERS):
            folder = tmp_path / name
            folder.mkdir()
            made[name] = stack.enter_context(salesforce(folder, "--users", "60", "--seed", "7"))
        yield made


@pytest.fixture
def made(tmp_path: Path, orgs: dict[str, Salesforce]) -> Iterator[Program]:
    """The program for the three, armed and with nothing to do."""
    others = {k: v for name in OTHERS for k, v in pointed_at(orgs[name], name).items()}
    with running(tmp_path, orgs[ORG], **others) as up:
        wait_for(
            "all are armed and idle", lambda: up.count(ARMED) == len(orgs) and is_idle(up.now())
        )
        yield up


def test_an_org_whose_answers_take_long_keeps_no_other_org_waiting(
    made: Program, orgs: dict[str, Salesforce]
) -> None:
    slow, askers = orgs[ORG], Askers({name: orgs[name] for name in OTHERS})
    alone = _settled(askers, 4)
    slow.fault("slow_answer", seconds=20)
    slow.edit(next(iter(slow.users())), {"Requested_PCI__c": True})
    wait_for("a call takes long", lambda: slow.control("faults")["faults"][0]["hits"])
    company = _settled(askers, 8)
    _end(slow, made)
    assert median(company) <= 2 * median(alone) + FLOOR_SECONDS, (alone, company)
    assert max(company) <= 2 * max(alone) + FLOOR_SECONDS, (alone, company)


def _settled(askers: Askers, times: int) -> list[float]:
    """How long so many edits in each org waited."""
    since = askers.marks()
    askers.ask(times, every=1.1)  # no multiple of the poll: it meets every part of the interval
    with suppress(AssertionError):  # a wait without end says more
        wait_for("all are settled", lambda: max(askers.waits(since)) < math.inf, seconds=25)
    return askers.waits(since)


def _end(slow: Salesforce, made: Program) -> None:
    """Its answers would hold up the end of the program: each running task gets 20 s."""
    slow.process.kill()
    wait_for("its calls have ended", lambda: "cannot be reached" in made.log())
    time.sleep(2)
