"""What alerts say, and that no record's text does more than be read."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.alert_texts import NAME, expires, harmless, held, message_of, news, trial
from sync.ports.alerts import PROGRAM, Alert, AlertKind, Gathered
from sync.ports.brake import Brake

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ALERT = Alert(1, "acme", AlertKind.TROUBLE, "", AT, "It is down.", AT)


@given(st.text(max_size=400))
@example("@channel")
@example("＠everyone <!channel> <@U123> @here")
@example("[click](https://evil.example) `code` *bold* __x__ _y_ ~z~ ||s|| #general")
@example("a\r\nSubject: b\u2028c\u202egnp.exe")
def test_nothing_in_a_name_is_markup_a_mention_or_a_line_of_its_own(text: str) -> None:
    shown = harmless(text)
    assert len(shown) <= NAME
    assert not set("@<>[]`*~|\\#\r\n") & set(shown)
    assert "://" not in shown
    assert len(shown.splitlines()) <= 1
    assert not set("\u202a\u202e\u2066\u200b\u2028\0") & set(shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada.o_neil@acme.example", "ada.o_neil(at)acme.example"),
        ("Zoë O'Hara-Smith", "Zoë O'Hara-Smith"),
        ("_bold_ and __more__", "-bold- and -more-"),
        ("see https://evil.example/x", "see evil.example/x"),
        ("  two\n lines ", "two lines"),
        ("x" * 81, "x" * 79 + "…"),
    ],
)
def test_what_is_harmless_stays_readable(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize("kind", list(AlertKind))
@pytest.mark.parametrize("over", [None, AT])
def test_each_kind_says_what_is_wrong_and_what_to_do_and_where(
    kind: AlertKind, over: datetime | None
) -> None:
    alert = replace(ALERT, kind=kind, over_at=over)
    message = message_of(alert, "https://sync.example")
    summary, mend, times, page = message.body.split("\n")
    assert (summary, page) == ("It is down.", "https://sync.example")
    assert mend.endswith(".")
    assert times.startswith("Since 2026-03-01 12:00 UTC")
    assert message.title.startswith("license-sync: acme: ")
    assert message.is_good is (over is not None) is ("over: " in message.title)
    assert message_of(alert, None).body == message.body.removesuffix("\nhttps://sync.example")


def test_an_alert_of_the_program_names_no_org() -> None:
    alert = replace(ALERT, org=PROGRAM, kind=AlertKind.WORKERS)
    assert message_of(alert, None).title == "license-sync: a worker is silent"


def test_a_trial_says_that_nothing_is_wrong() -> None:
    message = trial("acme", "https://sync.example")
    assert message.body == (
        "This is a test: alerts of acme reach you here. Nothing is wrong.\nhttps://sync.example"
    )
    assert trial(None, None).body == "This is a test: alerts reach you here. Nothing is wrong."


@pytest.mark.parametrize(
    ("kind", "count", "names", "said"),
    [
        (AlertKind.CONFLICTS, 1, ("a@x",), "1 new conflict waits for a person: a(at)x."),
        (AlertKind.CONFLICTS, 9, ("a", ""), "9 new conflicts wait for a person: a, a user "),
        (AlertKind.PARKED, 2, ("a", "b"), "2 newly parked users wait for a person: a, b."),
        (AlertKind.PARKED, 1, ("<!all>",), "1 newly parked user waits for a person: ‹!all›."),
    ],
)
def test_news_count_and_name(
    kind: AlertKind, count: int, names: tuple[str, ...], said: str
) -> None:
    assert news(Gathered("acme", kind, "0/1", AT, count, names)).startswith(said)


def test_a_few_names_stand_for_many() -> None:
    gathered = Gathered("acme", AlertKind.PARKED, "/1", AT, 300, tuple("abcde"))
    assert news(gathered).endswith(": a, b, c, d, e and 295 more.")


def test_a_brake_says_how_much_and_why() -> None:
    brake = Brake("acme", AT, "itself", "more than 5% @here", 7, 12)
    assert held(brake) == (
        "The removal of 12 licenses of 7 users waits for an approval: more than 5% (at)here"
    )


def test_a_warning_says_the_day() -> None:
    on = date(2026, 4, 1)
    assert expires(on, 7) == "The credentials of this org expire on 2026-04-01, within 7 days."
    assert expires(on, 1).endswith("within a day.")
