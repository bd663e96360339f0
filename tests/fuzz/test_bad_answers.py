"""Whatever comes for an answer: no crash, no wrong write, nobody forgotten, and a line that says so."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.liar import CALLS
from tests.fuzz.world import Example, World, open_world

EXAMPLES, CHUNKS = 96, 8


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_bad_answer_crashes_the_worker_or_costs_a_license(
    world: World, chunk: int, caplog: pytest.LogCaptureFixture
) -> None:
    seen: set[str] = set()
    for seed in range(chunk, EXAMPLES, CHUNKS):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            example = Example(world, seed)
            example.run()
        seen |= example.liar.seen
        said = [record.getMessage() for record in caplog.records]
        assert not [line for line in said if "Traceback" in line]
    assert {"login", "describe", "scan", "re-read", "write"} <= seen <= set(CALLS), seen
