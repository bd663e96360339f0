"""Whatever comes for an answer: no crash, no wrong write, nobody forgotten."""

from collections.abc import Iterator

import pytest

from tests.fuzz.mutations import mutate
from tests.fuzz.world import Example, World, open_world

pytestmark = pytest.mark.xdist_group("fuzz")
EXAMPLES, CHUNKS = 160, 10


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("fuzz")) as made:
        yield made


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_bad_answer_crashes_the_worker_or_costs_a_license(world: World, chunk: int) -> None:
    for seed in range(chunk, EXAMPLES, CHUNKS):
        Example(world, seed).run()


@pytest.mark.parametrize("body", [b'{"a": [1, {"Id": "005"}]}', b"[]", b"17", b"no JSON", b"{}"])
def test_a_broken_answer_is_another_one(body: bytes) -> None:
    changed = {mutate(body, seed)[1] for seed in range(60)}
    assert len(changed - {body}) > 10
