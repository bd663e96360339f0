"""Alerts on the command line."""

import json
from collections.abc import Iterator

import pytest

from sync.errors import NotAllowed, UnknownReference
from sync.ports.alerts import AlertKind, Condition
from tests.contract.store.scene import ORG, START, Scene
from tests.listeners import Hook, hook
from tests.unit.cli.conftest import Run

TROUBLE = Condition(ORG, AlertKind.TROUBLE, "", START, "It is down.")


@pytest.fixture
def webhook() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def alerts(scene: Scene) -> Scene:
    """One alert that a target did not take, and one that is over."""
    token = scene.store.take_alerts(600)
    assert token is not None
    scene.store.change_alerts(token, [TROUBLE], [], [], [])
    scene.store.change_alerts(token, [], scene.store.standing_alerts(), [], [])
    program = Condition("", AlertKind.WORKERS, "worker-bulk", START, "worker-bulk is silent.")
    scene.store.change_alerts(token, [program], [], [], [])
    (alert,) = scene.store.standing_alerts()
    scene.store.book_untold(token, alert, (), "json://a refused it.", 60)
    return scene


def test_alerts_that_stand_are_listed_with_why_nobody_was_told(run: Run, alerts: Scene) -> None:
    shown = run("alerts", "list").stdout
    assert "worker-bulk is silent. [json://a refused it.]" in shown
    assert "It is down." not in shown
    assert "It is down." in run("alerts", "list", "--all").stdout


def test_programs_get_all_of_it(run: Run, alerts: Scene) -> None:
    [alert] = json.loads(run("alerts", "list", "--json").stdout)
    assert (alert["org"], alert["kind"], alert["tries"]) == (None, "workers", 1)
    assert (alert["since"], alert["told_at"]) == ("2026-03-01T12:00:00.123000Z", None)
    assert len(json.loads(run("alerts", "list", "--all", "--json").stdout)) == 2


def test_a_calm_program_says_so(run: Run, scene: Scene) -> None:
    assert run("alerts", "list").stdout == "No alert stands.\n"


def test_a_test_says_who_took_it_without_a_secret(
    run: Run, webhook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"json://ann:hush-hush@127.0.0.1:{webhook.port}/hush-hush"
    monkeypatch.setenv("LICENSE_SYNC_ALERT_URLS", url)
    monkeypatch.setenv("LICENSE_SYNC_ORGS__ACME__ALERT_URLS", "json://127.0.0.1:1/hush-hush")
    found = run("alerts", "test")
    assert found.exit_code == 1
    assert found.stdout == "json://127.0.0.1 took it.\n"
    assert found.stderr == "json://127.0.0.1 (2) could not be reached or refused it.\n"
    assert len(webhook.posted) == 1
    answers = json.loads(run("alerts", "test", "--org", "acme", "--json").stdout)
    assert [answer["error"] is None for answer in answers] == [True, False]
    assert "alerts of acme reach you here" in webhook.posted[1]["message"]
    assert isinstance(run("alerts", "test", "--org", "beta").exception, UnknownReference)


def test_without_targets_the_setting_is_named(run: Run) -> None:
    found = run("alerts", "test")
    assert isinstance(found.exception, NotAllowed)
    assert "set LICENSE_SYNC_ALERT_URLS" in str(found.exception)
