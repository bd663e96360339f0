"""simple-salesforce over our transport: a call in, checked JSON and the server's time out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simple_salesforce.api import Salesforce

from sync.errors import CallFailed, Failure, Remedy
from sync.salesforce.transport import INSTANCE, Transport

_NO_TOKEN = "put-on-by-the-transport"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's JSON (None for an empty one), and the server's time when it was given."""

    body: Any
    server_time: datetime


def odd_answer(what: str, *, maybe_arrived: bool = False) -> CallFailed:
    """The failure of an answer that does not fit its question; `what` is a clause, no data."""
    text = f"Salesforce gave an answer that does not fit the question ({what}); it is asked again."
    failure = Failure("odd_answer", text, Remedy.RETRY, 5)
    return CallFailed(failure, maybe_arrived=maybe_arrived)


class Client:
    """The REST calls that reader, writer and gateway are made of. All raise CallFailed."""

    def __init__(self, transport: Transport, api_version: str) -> None:
        self.transport = transport
        # The token is a stand-in: with one, simple-salesforce never logs in by itself.
        self._sf = Salesforce(
            session_id=_NO_TOKEN,
            instance_url=INSTANCE,
            version=api_version,
            session=transport,
            object_pairs_hook=None,
        )
        self.data_path = f"/services/data/v{api_version}"

    def query(self, soql: str, *, with_deleted: bool = False) -> Answer:
        """The first page of a query."""
        return self._call(lambda: self._sf.query(soql, include_deleted=with_deleted))

    def query_more(self, next_url: str) -> Answer:
        """A further page, by the path that the page before it gave."""
        return self._call(lambda: self._sf.query_more(next_url, identifier_is_url=True))

    def get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        """GET a path below the API's version."""
        return self._call(lambda: self._sf.restful(path, params=params))

    def ask(self, path: str, body: dict[str, Any]) -> Answer:
        """POST a question: a call that changes nothing and may be repeated."""
        return self._call(lambda: self._sf.restful(path, method="POST", json=body, safe=True))

    def send(self, method: str, path: str, body: dict[str, Any]) -> Answer:
        """POST or PATCH something that changes records: sent once."""
        call = lambda: self._sf.restful(path, method=method, json=body)  # noqa: E731
        return self._call(call, unsafe=True)

    def userinfo(self) -> Answer:
        """Who we are.

        https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm
        """
        return self._call(lambda: self._sf.oauth2("userinfo"))

    def versions(self) -> Answer:
        """The API's versions: the cheapest call, which counts against no limit."""
        return self._call(lambda: self.transport.request("GET", f"{INSTANCE}/services/data").json())

    def _call(self, call: Callable[[], Any], *, unsafe: bool = False) -> Answer:
        try:
            body = call()
        except (ValueError, TypeError, RecursionError):
            # simple-salesforce parses the body, and takes the length of what was in it.
            raise odd_answer("it is not the JSON that was due", maybe_arrived=unsafe) from None
        server_time = self.transport.server_time
        if server_time is None:
            raise odd_answer("it does not say when it was given", maybe_arrived=unsafe)
        return Answer(body, server_time)


def as_list(body: object, length: int, *, maybe_arrived: bool = False) -> Sequence[Any]:
    """`body`, if it is a list of this length; CallFailed otherwise."""
    if not isinstance(body, list) or len(body) != length:
        raise odd_answer("it has another number of parts", maybe_arrived=maybe_arrived)
    return body
