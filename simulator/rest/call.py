"""What a resource is given and what it gives back; composite makes calls of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from simulator.errors import parser_error
from simulator.faults import Target, row_lock
from simulator.org import Org
from simulator.records import Author
from simulator.rest.body import check_content_type, parse_json
from simulator.schema.access import Access


@dataclass
class Tally:
    """Counted over a whole HTTP request, subrequests included."""

    api_calls: int = 1
    records: int = 0
    subrequests: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request to a resource, on its own or inside a composite."""

    org: Org
    method: str
    version: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    raw: bytes | None
    parsed: Any
    access: Access
    number: int
    at: float
    target: Target
    origin: str
    locked: frozenset[str]
    tally: Tally

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}/"

    def json(self) -> Any:
        """The body; a composite's subrequest brings it parsed."""
        if self.raw is None:
            return self.parsed
        check_content_type(self.headers.get("content-type", ""))
        return parse_json(self.raw)

    def json_object(self) -> dict[str, Any]:
        body = self.json()
        if not isinstance(body, dict):
            raise parser_error("The request body must be a JSON object")
        return body

    def author(self) -> Author:
        def check(record_id: str) -> None:
            if record_id in self.locked:
                raise row_lock(record_id)
            self.org.faults.check_record(self.target, record_id)

        return Author(self.access, self.number, self.at, self.org.clock.now(), check)

    def inner(self, method: str, url: str, headers: dict[str, str], body: Any) -> Call:
        """A subrequest: same user, same time, same transaction."""
        path, _, query = url.partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        return Call(
            self.org,
            method,
            self.version,
            unquote(path),
            params,
            headers,
            None,
            body,
            self.access,
            self.number,
            self.at,
            self.target,
            self.origin,
            self.locked,
            self.tally,
        )
