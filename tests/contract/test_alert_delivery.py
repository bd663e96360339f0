"""The real task tells over HTTP and by mail, through Apprise, and keeps its secrets."""

import io
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.logging import configure_logging
from config.settings import Settings
from sync.ports.settling import OutcomeKind
from sync.store import SqlStore, make_engine
from tests.contract.store.scene import ANN, Clock, Scene
from tests.listeners import Hook, Mailbox, hook, mailbox
from worker import tasks
from worker.base import runtime

PASSWORD = "hush-hush"
HOSTILE = "@channel <!here> <b>Ann</b> [x](https://evil.example)\r\nBcc: all@acme.example"

Start = Callable[..., SqlStore]


@pytest.fixture
def webhook() -> Iterator[Hook]:
    with hook() as found:
        yield found


@pytest.fixture
def mail() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, sqlite_url: str, tmp_path: Path) -> Iterator[Start]:
    """Begin anew with these settings, as a worker does; the store."""

    def begin(**settings: str) -> SqlStore:
        plain = {
            "DATABASE_URL": sqlite_url,
            "ENV_FILE": str(tmp_path / "none"),
            "ORGS__ACME__LOGIN_URL": "https://localhost:1",
            "ORGS__ACME__CLIENT_ID": "id",
            "ORGS__ACME__CLIENT_SECRET": "secret",
        }
        (tmp_path / "none").touch()
        for name, value in (plain | settings).items():
            monkeypatch.setenv(f"LICENSE_SYNC_{name}", value)
        runtime.cache_clear()
        store = runtime().store
        store.beat("worker-live")
        store.beat("worker-bulk")
        store.beat("worker-slow")
        return store

    yield begin
    runtime.cache_clear()


@pytest.fixture
def logged() -> Iterator[Callable[[], str]]:
    """All that the workers' log would show at its most talkative level."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    configure_logging(Settings(log_level="debug"))
    stream = io.StringIO()
    [handler] = root.handlers
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream.getvalue
    root.handlers[:] = before
    root.setLevel(level)


def hook_url(webhook: Hook) -> str:
    return f"json://ann:{PASSWORD}@127.0.0.1:{webhook.port}/{PASSWORD}"


def mail_url(mail: Mailbox) -> str:
    return f"mailto://127.0.0.1:{mail.port}?from=sync@acme.example&to=ada@acme.example"


def soon() -> str:
    return (datetime.now(UTC).date() + timedelta(days=6)).isoformat()


def test_a_webhook_hears_of_it_once_and_once_that_it_is_over(start: Start, webhook: Hook) -> None:
    start(
        ALERT_URLS=hook_url(webhook),
        ORGS__ACME__CREDENTIALS_EXPIRE_ON=soon(),
    )
    for _ in range(3):
        tasks.alerts()
    start(ORGS__ACME__CREDENTIALS_EXPIRE_ON="2099-01-01")
    for _ in range(3):
        tasks.alerts()
    begun, over = webhook.posted
    assert begun["title"] == "license-sync: acme: credentials expire"
    assert begun["type"] == "warning"
    assert begun["message"].startswith(
        f"The credentials of this org expire on {soon()}, within 7 days.\nMake new ones,"
    )
    assert over["title"] == "license-sync: acme: over: credentials expire"
    assert over["type"] == "success"


def test_a_mail_shows_a_hostile_name_and_does_nothing_else(start: Start, mail: Mailbox) -> None:
    store = start(ORGS__ACME__ALERT_URLS=mail_url(mail))
    scene = Scene(SqlStore(make_engine(store.engine.url), Clock()), Clock())
    scene.arm()
    scene.notice(ANN, seen="")
    parked = {"delay": 9e9, "code": "X", "reason": "no", "username": HOSTILE}
    scene.book(scene.claim(), OutcomeKind.PARKED, **parked)
    tasks.alerts()
    scene.store.engine.dispose()
    ((recipients, message),) = mail.sent
    assert recipients == ["rcpt TO:<ada@acme.example>"]
    assert message["Subject"] == "license-sync: acme: parked users"
    assert message["Bcc"] is None
    body = message.get_body(("html", "plain"))
    assert body is not None
    text = body.get_content().replace("&nbsp;", " ")
    assert "(at)channel ‹!here› ‹b›Ann‹/b› (x)(evil.example)" in text
    assert "@channel" not in text
    assert "<b>Ann" not in text
    assert "://" not in text.replace("http://localhost:8477", "")


@pytest.mark.parametrize("status", [401, 500])
def test_what_a_target_refuses_is_shown_and_tried_again_without_a_secret(
    start: Start, webhook: Hook, status: int, logged: Callable[[], str]
) -> None:
    webhook.status = status
    store = start(ALERT_URLS=hook_url(webhook), ORGS__ACME__CREDENTIALS_EXPIRE_ON=soon())
    tasks.alerts()
    (alert,) = store.standing_alerts()
    assert alert.error == f"json://127.0.0.1 answered with status {status}."
    assert alert.due_at > store.now()
    said = logged()
    assert "an alert was not taken: json://127.0.0.1 answered" in said
    assert PASSWORD not in said
    assert PASSWORD not in repr((alert, runtime().settings))


def test_who_took_it_does_not_get_it_again_for_another(
    start: Start, webhook: Hook, mail: Mailbox
) -> None:
    webhook.status = 503
    store = start(
        ALERT_URLS=f"{hook_url(webhook)}\n{mail_url(mail)}",
        ORGS__ACME__CREDENTIALS_EXPIRE_ON=soon(),
    )
    tasks.alerts()
    (alert,) = store.standing_alerts()
    assert alert.taken == ("mailto://127.0.0.1",)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE alert SET due_at = since")
    webhook.status = 200
    tasks.alerts()
    assert (len(webhook.posted), len(mail.sent)) == (1, 1)
