"""What the org itself imposes on everyone: its time, its limits, its API versions."""

from __future__ import annotations

import re
from typing import Any

from simulator.control.orders import BadOrder, order_of, seconds
from simulator.exchange import Exchange
from simulator.org import Org

VERSION = re.compile(r"\d+\.0")


def clock(org: Org, exchange: Exchange) -> Any:
    """`offset` sets the time against that of the machine, `speed` how fast it goes from there."""
    order = order_of(exchange)
    offset, speed = seconds(order, "offset"), seconds(order, "speed", least=0)
    if offset is None and speed is None:
        raise BadOrder("offset must be a number of seconds, or speed a factor")
    if speed is not None:
        org.clock.speed = speed
    if offset is not None:
        org.clock.offset = offset
    org.db.set_setting("clock_offset", str(org.clock.offset))
    return {"offset": org.clock.offset, "speed": org.clock.speed, "now": org.clock.now()}


def quota(org: Org, exchange: Exchange) -> Any:
    """The daily allotment and the limit of long-running calls; each key by itself."""
    order, limit, running = order_of(exchange), org.quota, org.concurrency
    most, used, concurrent = (seconds(order, key, least=0) for key in ("max", "used", "concurrent"))
    window, long = (seconds(order, key, least=0) for key in ("window", "long_seconds"))
    if window is not None and window < 1:
        raise BadOrder("window must be at least 1")
    limit.configure(
        None if most is None else int(most),
        None if used is None else int(used),
        order.get("per_app"),
        window,
    )
    running.most = running.most if concurrent is None else int(concurrent)
    running.long_seconds = running.long_seconds if long is None else long
    return {
        "max": limit.max,
        "used": limit.used,
        "per_app": limit.per_app,
        "window": limit.window,
        "concurrent": running.most,
        "long_seconds": running.long_seconds,
    }


def versions(org: Org, exchange: Exchange) -> Any:
    """Which versions are retired besides those that really are; an empty list brings all back."""
    retired = order_of(exchange).get("retired")
    if not isinstance(retired, list) or not all(
        isinstance(v, str) and VERSION.fullmatch(v) for v in retired
    ):
        raise BadOrder('retired must be a list of versions such as "31.0"')
    org.retired_versions = set(retired)
    return {"retired": sorted(org.retired_versions)}
