"""Bars that stay in the picture and tell sizes truly."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from admin.pages.chart import HEIGHT, WIDTH, chart
from sync.ports.browse import Activity

START = datetime(2026, 11, 24, tzinfo=UTC)
counts = st.tuples(*[st.integers(0, 100_000)] * 3)


def rows(numbers: list[tuple[int, int, int]]) -> list[Activity]:
    return [Activity(START + timedelta(hours=i), *n) for i, n in enumerate(numbers)]


@given(st.lists(counts, max_size=48))
def test_no_bar_leaves_the_picture_and_none_is_missing(
    numbers: list[tuple[int, int, int]],
) -> None:
    drawn = chart(rows(numbers))
    assert len(drawn.bars) == sum(count > 0 for row in numbers for count in row)
    assert drawn.is_empty == (not drawn.bars)
    for bar in drawn.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH
        assert bar.y >= 0
        assert bar.y + bar.height <= HEIGHT
        assert bar.height >= 2


def test_twice_as_many_are_twice_as_high() -> None:
    one, two = chart(rows([(50, 0, 0), (100, 0, 0)])).bars
    assert two.height == 2 * one.height


def test_nothing_is_nothing() -> None:
    assert chart([]).is_empty
