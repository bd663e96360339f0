"""One request on its way through: what was asked, by whom, and what the journal will say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus

from simulator.exchange import Exchange, Reply
from simulator.faults import Target
from simulator.journal import Entry
from simulator.org import Org

NOTED_HEADERS = (
    "if-unmodified-since",
    "if-modified-since",
    "sforce-call-options",
    "sforce-query-options",
)


@dataclass(frozen=True)
class Visit:
    exchange: Exchange
    entry: Entry
    target: Target
    user_id: str | None

    @property
    def words(self) -> str:
        """Path and query as a person reads them."""
        return f"{self.exchange.path}?{unquote_plus(self.exchange.query)}"


Handler = Callable[[Visit], Awaitable[Reply]]


def begin(org: Org, exchange: Exchange, token: str | None) -> Visit:
    """Numbers the call and finds out whose it is."""
    now = org.clock.now()
    entry = org.journal.begin(now, exchange.method, exchange.path, "")
    if exchange.path.startswith("/services/data"):  # elsewhere a token may stand in the query
        entry.query = exchange.params.get("q") or exchange.query
    noted = {name: exchange.headers[name] for name in NOTED_HEADERS if name in exchange.headers}
    if noted:
        entry.detail["headers"] = noted
    entry.user_id = org.tokens.user_of(token, now) if token else None
    target = Target(
        exchange.method, f"{exchange.path}?{exchange.query}", org.role_of(entry.user_id)
    )
    return Visit(exchange, entry, target, entry.user_id)
