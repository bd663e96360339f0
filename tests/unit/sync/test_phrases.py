"""Ages and counts as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from sync.phrases import age, counted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172799, "47 h"),
        (172800, "2 days"),
    ],
)
def test_an_age_is_told_in_one_unit(seconds: int, said: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == said


def test_what_never_was_has_no_age() -> None:
    assert age(None, NOW) == "–"


@pytest.mark.parametrize((("count", "said")), [(0, "0 users"), (1, "1 user"), (2, "2 users")])
def test_one_is_no_plural(count: int, said: str) -> None:
    assert counted(count, "user") == said
