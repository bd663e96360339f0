"""Who is told, and what is shown of where they are."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import alerting
from config.alerting import AppriseMessenger, Target, deliver, label, send_test, targets_of
from config.errors import BadSettings
from config.settings import Settings
from sync.alert_texts import Message
from tests.listeners import Hook, hook
from tests.unit.config.conftest import URL

MESSAGE = Message("title", "body")
ORG = {"login_url": URL, "client_id": "i", "client_secret": "s"}


@pytest.fixture
def webhook() -> Iterator[Hook]:
    with hook() as found:
        yield found


def settings(own: str = "", **more: object) -> Settings:
    return Settings.model_validate({"orgs": {"acme": {**ORG, "alert_urls": own}}, **more})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mailtos://ann:hush@mail.example:465?to=ada@acme.example", "mailtos://mail.example"),
        ("json://ann:hush@hooks.example/hush", "json://hooks.example"),
        ("https://hooks.slack.com/services/T1/B1/hush", "https://hooks.slack.com"),
        ("slack://T1hush/B1/hush/", "slack://…"),
        ("ntfy://secret-topic", "ntfy://…"),
        ("tgram://123:hush/456", "tgram://…"),
        ("json://[hush", "json://…"),
    ],
)
def test_of_an_url_scheme_and_host_are_shown(url: str, shown: str) -> None:
    assert label(url) == shown
    assert "hush" not in repr(Target(shown, url))


def test_an_org_is_told_of_to_all_and_to_its_own_each_once() -> None:
    found = settings("json://b json://a", alert_urls="json://a")
    messenger = AppriseMessenger(found)
    assert messenger.targets("acme") == ["json://a", "json://b"]
    assert messenger.targets("") == messenger.targets("gone") == ["json://a"]


def test_targets_of_the_same_host_are_numbered() -> None:
    names = [one.name for one in targets_of(settings("json://a/1 json://a/2 xml://a"), "acme")]
    assert names == ["json://a", "json://a (2)", "xml://a"]


def test_urls_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "urls"
    path.write_text("json://b\n\njson://c\n")
    found = settings("json://a", alert_urls_file=str(path))
    assert [one.name for one in targets_of(found, "acme")] == ["json://b", "json://c", "json://a"]
    for content, problem in ((b"\xff", "is no text"), (b"hush", "cannot be used; write it as")):
        path.write_bytes(content)
        with pytest.raises(BadSettings, match=f"ALERT_URLS_FILE: .* {problem}") as error:
            targets_of(found, "acme")
        assert "hush" not in str(error.value)
    path.unlink()
    with pytest.raises(BadSettings, match=r"cannot be read \(No such file"):
        targets_of(found, "acme")


def test_each_target_says_whether_it_took_it(webhook: Hook) -> None:
    targets = [
        Target("good", f"json://127.0.0.1:{webhook.port}"),
        Target("nobody", "json://127.0.0.1:1"),
        Target("odd", "nonsense://x"),
        Target("short", "slack://x"),
    ]
    assert deliver(targets, MESSAGE) == {
        "good": None,
        "nobody": "nobody could not be reached or refused it.",
        "odd": "odd is no URL that Apprise understands.",
        "short": "short is no URL that Apprise understands.",
    }
    assert [one["message"] for one in webhook.posted] == ["body"]
    assert deliver([], MESSAGE) == {}


def test_a_slow_target_holds_nobody_up(webhook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerting, "SEND_SECONDS", 0.3)
    webhook.delay = 1.0
    begun = time.monotonic()
    answers = deliver([Target("slow", f"json://127.0.0.1:{webhook.port}")], MESSAGE)
    assert time.monotonic() - begun < 0.9
    assert answers == {"slow": "slow did not answer in time."}


def test_a_test_reaches_everybody_and_says_who_took_it(webhook: Hook) -> None:
    port = webhook.port
    found = settings(f"json://127.0.0.1:{port}/own", alert_urls=f"json://127.0.0.1:{port}/all")
    taken = send_test(found, None, "https://sync.example")
    assert [(one.target, one.error) for one in taken] == [
        ("json://127.0.0.1", None),
        ("json://127.0.0.1 (2)", None),
    ]
    assert sorted(webhook.paths) == ["/all", "/own"]
    assert "https://sync.example" in webhook.posted[0]["message"]
    assert len(send_test(found, "acme")) == 2
    assert send_test(Settings(), None) == []
