"""The settle bench on SQLite."""

from collections.abc import Iterator

import pytest

from tests.fakes.bench import Bench, open_bench


@pytest.fixture
def bench(sqlite_url: str) -> Iterator[Bench]:
    """An armed org with Service Cloud Voice."""
    with open_bench(sqlite_url) as made:
        yield made
