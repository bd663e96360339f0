"""An org of this test's own, and the program pointed at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import Salesforce, salesforce


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Salesforce]:
    """A clean org of 60 users."""
    with salesforce(tmp_path, "--users", "60", "--seed", "7") as made:
        yield made


@pytest.fixture
def brownfield(tmp_path: Path) -> Iterator[Salesforce]:
    """An org of 300 users who hold licenses that nobody requested."""
    with salesforce(tmp_path, "--users", "300", "--seed", "7", "--brownfield") as made:
        yield made
