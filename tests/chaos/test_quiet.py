"""What has to be seen before a run counts as quiet, by the way in which changes come in."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.chaos import quiet
from tests.chaos.stage import Stage
from tests.chaos.ways import WAYS, Way


@dataclass
class Org:
    """An org where nothing changes; so many messages are on their way."""

    waiting: int = 0

    def facts_now(self) -> dict[str, int]:
        return {"last_change": 7}

    def control(self, name: str) -> dict[str, Any]:
        assert name == "outbound"
        return {"outbound": [{"waiting": self.waiting}]}


@dataclass
class Scene:
    """What the wait looks at: nothing is left to do, and both streams are open."""

    way: Way
    orgs: dict[str, Org] = field(default_factory=lambda: {"acme": Org(), "calm": Org()})
    heard: dict[str, int] = field(default_factory=lambda: {"acme": 0, "calm": 0})
    polled: int = 0

    @property
    def books(self) -> "Scene":
        return self

    def rows(self, query: str) -> list[dict[str, Any]]:
        if "event_stream" in query:
            return [{"org": org, "heard_at": at} for org, at in self.heard.items()]
        if "last_poll_at" in query:
            return [{"org": org, "last_poll_at": self.polled} for org in self.orgs]
        if "finished_at" in query:
            return [{"org": org, "finished_at": self.polled // 2} for org in self.orgs]
        return [{"n": 0}]

    def left(self) -> object:
        return quiet._look(cast("Stage", self))[1]


def test_a_message_on_its_way_is_left_to_do() -> None:
    scene = Scene(WAYS["outbound"])
    assert not scene.left()
    scene.orgs["calm"].waiting = 2
    assert scene.left() == {"messages on their way": 2}


@pytest.mark.parametrize(("way", "left"), [("stream", 1), ("outbound", 0)])
def test_a_stream_that_is_not_open_is_left_to_do(way: str, left: int) -> None:
    scene = Scene(WAYS[way])
    del scene.heard["acme"]
    assert scene.left() == ({"streams that are not open": 1} if left else {})


@pytest.mark.parametrize(
    ("way", "moves", "is_quiet"),
    [
        ("stream", [], False),
        ("stream", ["acme", "calm"], True),
        ("stream", ["acme"], False),
        ("polling", ["acme", "calm"], False),
        ("polling", ["polled"], True),
        ("stream-and-polling", ["polled"], False),
        ("stream-and-polling", ["polled", "acme", "calm"], True),
    ],
)
def test_every_org_has_to_be_looked_at_or_to_speak(
    way: str, moves: list[str], is_quiet: bool
) -> None:
    scene, signs = Scene(WAYS[way]), defaultdict[str, set[object]](set)
    seen = []
    for number in range(quiet.TIMES):
        scene.heard |= {org: number for org in scene.heard if org in moves}
        scene.polled = number if "polled" in moves else 0
        seen.append(quiet._has_been_seen(cast("Stage", scene), signs))
    assert seen == [False] * (quiet.TIMES - 1) + [is_quiet]
