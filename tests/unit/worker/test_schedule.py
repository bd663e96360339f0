"""What beat ticks."""

import inspect
from typing import Any

import pytest
from celery.beat import ScheduleEntry

from config.settings import Settings
from sync.telling import BUDGET_SECONDS
from worker import tasks
from worker.app import LIVE, app
from worker.lanes import Lane
from worker.schedule import schedule
from worker.ticks import HEADER

ORG = {"login_url": "https://x.example", "client_id": "i", "client_secret": "s"}


def entries(**settings: Any) -> dict[str, dict[str, Any]]:
    return schedule(Settings(**settings))


def two_orgs(**settings: Any) -> dict[str, dict[str, Any]]:
    return entries(orgs={"acme": ORG, "beta": ORG}, **settings)


def test_without_an_org_there_is_only_what_keeps_the_program_alive() -> None:
    assert set(entries()) == {
        "sweep",
        "alerts",
        "heartbeat-live",
        "heartbeat-bulk",
        "heartbeat-slow",
    }


def test_each_org_is_looked_at_by_itself() -> None:
    found = two_orgs(poll_seconds=3, overlap_seconds=60)
    for org in ("acme", "beta"):
        kinds = ("poll", "overlap", "nightly")
        assert all(found[f"{kind}-{org}"]["args"] == (org,) for kind in kinds)
        assert found[f"poll-{org}"]["schedule"] == 3
        assert found[f"overlap-{org}"]["schedule"] == 60


@pytest.mark.parametrize("poll_seconds", [0.2, 1.0, 15.0, 3600.0])
def test_every_message_says_when_the_next_one_comes(poll_seconds: float) -> None:
    """By that the worker knows a late one. An `expires` would be judged by the worker's clock."""
    for name, entry in two_orgs(poll_seconds=poll_seconds).items():
        assert entry["options"]["headers"] == {HEADER: entry["schedule"]}, name
        assert "expires" not in entry["options"], name


def test_alerts_do_not_wait_behind_a_reconcile_and_are_told_within_a_minute() -> None:
    entry = entries()["alerts"]
    assert entry["options"]["queue"] == LIVE
    assert 2 * entry["schedule"] + BUDGET_SECONDS / 2 <= 60


def test_each_queues_heartbeat_goes_through_that_queue() -> None:
    found = entries()
    for queue in Lane:
        assert found[f"heartbeat-{queue}"]["args"] == (queue,)
        assert found[f"heartbeat-{queue}"]["options"]["queue"] == queue


def test_no_look_at_an_org_waits_behind_a_reconcile() -> None:
    found = two_orgs()
    assert {found[f"{kind}-acme"]["options"]["queue"] for kind in ("poll", "overlap")} == {LIVE}
    assert found["sweep"]["options"]["queue"] == LIVE
    assert found["nightly-acme"]["options"]["queue"] == LIVE


def test_every_entry_is_a_task_that_takes_these_arguments() -> None:
    for entry in two_orgs().values():
        task = app.tasks[entry["task"]]
        assert task.__module__ == tasks.__name__
        inspect.signature(task.run).bind(*entry["args"])


def test_a_night_that_was_missed_is_asked_after_within_minutes() -> None:
    """Beat remembers nothing from before its start: an hour of the day would pass it by."""
    assert two_orgs()["nightly-acme"]["schedule"] <= 300


def test_beat_takes_the_whole_schedule() -> None:
    for name, entry in two_orgs().items():
        is_due, next_look = ScheduleEntry(name=name, app=app, **entry).is_due()
        assert not is_due
        assert next_look > 0
