"""Where everything is, and the keys by which ID tokens are checked."""

from __future__ import annotations

from simulator.exchange import Exchange, Reply
from simulator.openid import metadata
from simulator.org import Org


def configuration(_: Org, exchange: Exchange) -> Reply:
    return Reply(200, metadata(exchange.origin))


def keys(org: Org, _: Exchange) -> Reply:
    return Reply(200, {"keys": [org.openid.key.public()]})
