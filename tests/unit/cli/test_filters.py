"""What people name to narrow a listing, and what is no such name."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from cli.filters import a_license, a_moment, before, orgs
from sync.model import License

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "ago"),
    [
        ("3d", timedelta(days=3)),
        ("12 h", timedelta(hours=12)),
        ("30min", timedelta(minutes=30)),
        ("2w", timedelta(weeks=2)),
        (" 5s ", timedelta(seconds=5)),
    ],
)
def test_an_age(said: str, ago: timedelta) -> None:
    assert before(said, NOW) == NOW - ago
    assert a_moment(said, NOW) == NOW - ago


@pytest.mark.parametrize("said", ["", "3", "d", "-3d", "3 days", "3.5h", "٣d", "9999999d"])
def test_what_is_no_age(said: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no age: write it like 3d"):
        before(said, NOW)


def test_an_age_before_all_time() -> None:
    with pytest.raises(typer.BadParameter, match="longer than there is time"):
        before("999999w", NOW)


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30Z", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30+02:00", datetime(2026, 3, 1, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_moment(said: str, moment: datetime) -> None:
    assert a_moment(said, NOW) == moment


def test_what_is_no_moment() -> None:
    with pytest.raises(typer.BadParameter, match="is no time: write it like 2026-03-01"):
        a_moment("yesterday", NOW)


@pytest.mark.parametrize("said", ["scv", "SCV", "service cloud voice"])
def test_a_license_by_any_of_its_names(said: str) -> None:
    assert a_license(said) is License.SCV


def test_what_is_no_license() -> None:
    with pytest.raises(typer.BadParameter, match="no license 'voice': name one of CTI, Freedom"):
        a_license("voice")


def test_what_is_not_said_narrows_nothing() -> None:
    assert (a_license(None), before(None, NOW), a_moment(None, NOW), orgs(None)) == (None,) * 4
    assert orgs("acme") == {"acme"}
