"""Whatever comes for an answer: no crash, no wrong write, nobody forgotten."""

from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz.liar import CALLS
from tests.fuzz.mutations import mutate
from tests.fuzz.world import Example, open_world

EXAMPLES = 160


def test_no_bad_answer_crashes_the_worker_or_costs_a_license(tmp_path: Path) -> None:
    """In one go, so that it can be told whether every kind of call was answered badly: of one
    that the liar never met, nothing is proven.
    """
    struck: Counter[str] = Counter()
    with open_world(tmp_path) as world:
        for seed in range(EXAMPLES):
            example = Example(world, seed)
            example.run()
            struck.update(said.partition(":")[0] for said in example.liar.broken)
    assert set(struck) == set(CALLS)


@pytest.mark.parametrize("body", [b'{"a": [1, {"Id": "005"}]}', b"[]", b"17", b"no JSON", b"{}"])
def test_a_broken_answer_is_another_one(body: bytes) -> None:
    changed = {mutate(body, seed)[1] for seed in range(60)}
    assert len(changed - {body}) > 10
