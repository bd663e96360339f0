"""Which way changes come in, by seed: polled for, told by change events, told by outbound messages.

Where nobody polls, beat's ticks are an hour apart: what was not told stays unsettled, and shows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.e2e.harness import Salesforce, listening_to
from tests.outbound import TOKEN

KEEPALIVE_SECONDS = 2.0
STARVE_SECONDS = 5.0
SILENCE_SECONDS = 6.0
"""Short, so that a minute has room for all of it; the order of the three is as shipped."""

PER_MINUTE = 120
"""Messages that are taken in a minute: fewer than come, so that some are refused."""


@dataclass(frozen=True)
class Way:
    """How the program learns that somebody edited."""

    name: str
    polls: bool = False
    stream: bool = False
    outbound: bool = False


WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        Way("polling", polls=True),
        Way("stream-and-polling", polls=True, stream=True),
        Way("stream", stream=True),
        Way("outbound", outbound=True),
        Way("stream-and-outbound", stream=True, outbound=True),
    )
}


def way_of(seed: int) -> Way:
    """Turns with the seed, and against the brake, which every fifth has: each meets each."""
    return list(WAYS.values())[(seed + seed // 5) % len(WAYS)]


def options(way: Way) -> tuple[str, ...]:
    """How an org is started."""
    return ("--pubsub-port", "0") if way.stream else ()


def prepare(way: Way, org: Salesforce) -> None:
    """An org that runs, before anybody listens."""
    if way.stream:
        waits = {"keepalive_seconds": KEEPALIVE_SECONDS, "starve_seconds": STARVE_SECONDS}
        org.control("events/settings", waits)


def settings(way: Way, orgs: Mapping[str, Salesforce]) -> dict[str, str]:
    """The program's settings besides those of polling as tests have it."""
    found = {} if way.polls else _seldom()
    if way.stream:
        found["LICENSE_SYNC_EVENTS_SILENCE_SECONDS"] = str(SILENCE_SECONDS)
        found |= {"LICENSE_SYNC_EVENTS_POLL_SECONDS": "4"} if way.polls else {}
        found |= {"LICENSE_SYNC_EVENTS_OVERLAP_SECONDS": "8"} if way.polls else {}
    for name, org in orgs.items():
        if way.stream:
            found |= listening_to(org, name)
        if way.outbound:
            mine = f"LICENSE_SYNC_ORGS__{name.upper()}__OUTBOUND_"
            found |= {f"{mine}TOKEN": TOKEN, f"{mine}PER_MINUTE": str(PER_MINUTE)}
    return found


def _seldom() -> dict[str, str]:
    """An hour is the longest that may be set; the nightly reconcile is half a day away."""
    never = (datetime.now(UTC).hour + 12) % 24
    return {
        "LICENSE_SYNC_POLL_SECONDS": "3600",
        "LICENSE_SYNC_OVERLAP_SECONDS": "3600",
        "LICENSE_SYNC_RECONCILE_HOUR": str(never),
    }


def tell(way: Way, org: Salesforce, name: str, page: str, seed: int) -> None:
    """Let the org send messages: some come twice, some are overtaken, none waits for long."""
    if not way.outbound:
        return
    order: dict[str, Any] = {
        "url": f"{page}/outbound/{name}/{TOKEN}",
        "first_gap": 0.5,
        "longest_gap": 4.0,
        "duplicate": {"share": 0.2, "seed": seed, "seconds": 1.0},
        "reorder": {"share": 0.2, "seed": seed + 1, "seconds": 1.0},
    }
    org.control("outbound", order)


def untold(way: Way, org: Salesforce) -> int:
    """Messages that the org still has to get rid of."""
    if not way.outbound:
        return 0
    return sum(order["waiting"] for order in org.control("outbound")["outbound"])


def figures(way: Way, org: Salesforce) -> dict[str, Any]:
    """What the org says of how it told of its changes."""
    found: dict[str, Any] = {}
    if way.stream:
        seen = org.control("events")
        found["events"] = {k: seen[k] for k in ("published", "concealed")}
    if way.outbound:
        orders = org.control("outbound")["outbound"]
        found["messages"] = {k: sum(o[k] for o in orders) for k in ("delivered", "dropped")}
    return found
