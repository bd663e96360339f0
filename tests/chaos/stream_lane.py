"""Carries out what goes wrong with the stream and the messages, and takes all of it back."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from tests.chaos.people import Editor, Ledger
from tests.chaos.schedule import Event
from tests.chaos.stage import Stage
from tests.chaos.stream_faults import MACHINE, TOLD_BY_MESSAGE

USERS = {"object": "User"}
DEATH_SECONDS = 1e6
RETENTION_SECONDS = 72 * 3600.0
SHORT_RETENTION_SECONDS = 0.5
BACK_SECONDS = 15.0
MOST_DELIVERIES = 1_000_000
BETWEEN_LOOKS = 0.02

More = Mapping[str, Any]


class StreamLane:
    """One org's stream in trouble. `when` takes what happened to the machine, as others' does.

    `hits` counts what struck: streams that were cut, for instance, and not the orders.
    """

    def __init__(
        self, stage: Stage, control: Editor, ledger: Ledger, when: list[tuple[float, str]]
    ) -> None:
        self._stage, self._control, self._ledger, self._when = stage, control, ledger, when
        self.hits: Counter[str] = Counter()
        self._acts: Mapping[str, Callable[[More], int]] = {
            "cut": lambda _: self._cut({}),
            "cut with a code": lambda more: self._cut(_why(more)),
            "silence": lambda more: self._silence(more["seconds"], new=False),
            "silent death": lambda _: self._silence(DEATH_SECONDS, new=False),
            "silent death of new streams too": lambda more: self._silence(
                more["seconds"], new=True
            ),
            "duplicates": lambda more: int(self._order("duplicate", more)["repeated"] > 0),
            "gaps": lambda more: self._conceal("GAP", more["seconds"]),
            "overflow": lambda more: self._conceal("GAP_OVERFLOW", more["seconds"]),
            "wildcard": lambda more: self._conceal("wildcard", more["seconds"]),
            "another schema": lambda _: self._change_schema(),
            "another schema, refused": self._refuse_schema,
            "another schema, expired token": self._expire_and_change_schema,
            "refused": lambda more: self._refuse(more, more["count"]),
            "lost position": lambda more: self._forget(more["seconds"]),
            "kill the listener": lambda _: self._stage.kill("listen"),
            "absence": lambda _: self._be_absent(),
            "starvation": lambda more: self._starve(more["seconds"]),
            "used up": lambda more: self._use_up(more["seconds"]),
            "refused for long": self._refuse_for_long,
            "hold the page": lambda more: self._hold("admin", more["seconds"]),
        }

    def act(self, event: Event) -> None:
        """Do it, and note what it did to the machine."""
        self.hits[event.what] += self._acts[event.what](event.more)
        if event.what in (*MACHINE, *TOLD_BY_MESSAGE, "absence"):
            self._when.append((time.time(), event.what))

    def heal(self) -> None:
        """Take back what was ordered; a stream that died stays dead."""
        if not self._stage.way.stream:
            return
        self._control.control("events/fail", method="DELETE")
        self._conceal("GAP", 0)
        self._settings(retention_seconds=RETENTION_SECONDS, used=0)

    def start_again(self) -> None:
        """What a person does who has mended what the bus refused: it may be at rest for long."""
        self._stage.kill("listen")
        self._when.append((time.time(), "the listener is started again"))

    def _order(self, name: str, body: More) -> Any:
        return self._control.control(f"events/{name}", dict(body))

    def _settings(self, **more: float) -> None:
        self._order("settings", more)

    def _cut(self, why: More) -> int:
        return int(self._order("cut", why)["cut"])

    def _silence(self, seconds: float, *, new: bool) -> int:
        return int(self._order("silence", {"seconds": seconds, "new": new})["silent"])

    def _conceal(self, way: str, seconds: float) -> int:
        """Until its time is over; how many changes that are told so."""
        before = self._order("conceal", {"as": way, "seconds": seconds})["concealed"]
        time.sleep(seconds)
        return int(self._control.control("events")["concealed"] - before)

    def _change_schema(self) -> int:
        self._order("schema", USERS)
        return 1

    def _refuse_schema(self, more: More) -> int:
        self._order("fail", {"rpc": "GetSchema", "count": more["count"], **_why(more)})
        return self._change_schema()

    def _expire_and_change_schema(self, _more: More) -> int:
        """A stream outlives its session: the schema that it needs then is refused."""
        self._control.control("faults", {"kind": "expired_token"})
        return self._change_schema()

    def _refuse(self, more: More, count: int) -> int:
        self._order("fail", {"rpc": "Subscribe", "count": count, **_why(more)})
        return self._cut({})

    def _forget(self, seconds: float) -> int:
        """What happened in the silence is never told."""
        self._silence(DEATH_SECONDS, new=False)
        time.sleep(seconds)
        self._order("forget", {})
        return self._cut({})

    def _be_absent(self) -> int:
        """72 hours away: by the time it asks, the events after its place are gone."""
        before = self._open_streams()
        self._settings(retention_seconds=SHORT_RETENTION_SECONDS)
        killed = self._stage.kill("listen")
        until = time.monotonic() + BACK_SECONDS
        while not self._open_streams() - before and time.monotonic() < until:
            time.sleep(BETWEEN_LOOKS)
        self._settings(retention_seconds=RETENTION_SECONDS)
        return killed

    def _open_streams(self) -> set[str]:
        return {stream["rpc_id"] for stream in self._control.control("events")["streams"]}

    def _starve(self, seconds: float) -> int:
        """It does not ask for more, and all that it asked for is used up at once."""
        before = self._open_streams()
        with self._stage.stopped("listen") as processes:
            if processes:
                self._order("duplicate", {"last": 100})
                time.sleep(seconds)
            return len(before - self._open_streams())

    def _use_up(self, seconds: float) -> int:
        before = self._open_streams()
        self._settings(used=MOST_DELIVERIES)
        time.sleep(seconds)
        struck = len(before - self._open_streams())
        self._settings(used=0)
        self.start_again()
        return struck

    def _refuse_for_long(self, more: More) -> int:
        struck = self._refuse(more, 1)
        time.sleep(more["seconds"])
        self._control.control("events/fail", method="DELETE")
        self.start_again()
        return struck

    def _hold(self, part: str, seconds: float) -> int:
        with self._stage.stopped(part) as processes:
            time.sleep(seconds)
        return processes


def _why(more: More) -> dict[str, str]:
    """As control orders it: no code is a connection that breaks."""
    return {"code": more["code"]} if more["code"] else {}
