"""The endpoint: a message is checked, committed, and only then acknowledged.

Whatever it says, it can do no more than make somebody look at users (sync.outbound). Neither its
body nor its path is ever logged.
"""

import logging
import time
from collections.abc import Callable, Iterable

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from admin.outbound.answers import acknowledged, refused
from admin.outbound.body import read_body
from admin.outbound.entrance import Entrance, is_certificate
from admin.outbound.proxy import said_by_proxy
from admin.outbound.rate import Rate
from admin.outbound.refusal import Reason, Refusal
from admin.outbound.tally import Tally
from config.outbound import Door
from sync.errors import StoreUnavailable
from sync.outbound import OutboundStore, Taken, Turned, take
from sync.ports.outbound import OddMessage

log = logging.getLogger(__name__)

_TURNED = {
    Turned.NOT_KNOWN: (503, Reason.NOT_KNOWN),
    Turned.OTHER_ORGANIZATION: (403, Reason.ORGANIZATION),
}


class Receiver:
    """The ASGI application under `/outbound/`."""

    def __init__(
        self,
        store: OutboundStore,
        doors: Iterable[Door],
        certificate_header: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        opened = list(doors)
        self._store = store
        self._entrance = Entrance(opened)
        self._header = certificate_header
        self._rates = {door.org: Rate(door.per_minute, monotonic) for door in opened}
        self.tally = Tally(self._entrance.orgs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a message; nobody who has gone away."""
        request = Request(scope, receive)
        org, door = self._entrance.knock(scope["path"])
        try:
            taken = await self._take(request, door)
        except Refusal as refusal:
            self._note_refusal(org, refusal)
            answer = refused(refusal)
        except ClientDisconnect:
            return
        else:
            self._note(org or "", taken)
            answer = acknowledged()
        await answer(scope, receive, send)

    async def _take(self, request: Request, door: Door | None) -> Taken:
        """The way of a message. What costs something comes after what proves something."""
        if door is None:
            raise Refusal(404, Reason.TOKEN, "There is nothing here.")
        if request.method != "POST":
            raise Refusal(405, Reason.METHOD, "A message has to be posted.")
        self._check_sender(request, door)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/xml":
            raise Refusal(415, Reason.NOT_XML, "A message has to be text/xml.")
        if not self._rates[door.org].allows():
            raise Refusal(429, Reason.RATE, "Too many messages came within a minute.")
        body = await read_body(request)
        return await run_in_threadpool(_commit, self._store, door, body)

    def _check_sender(self, request: Request, door: Door) -> None:
        if door.certificate is None:
            return
        if not is_certificate(door.certificate, said_by_proxy(request, self._header)):
            sentence = "The proxy has not verified the client certificate that is wanted."
            raise Refusal(403, Reason.CERTIFICATE, sentence)

    def _note(self, org: str, taken: Taken) -> None:
        self.tally.taken(org, taken.notifications)
        if taken.ignored:
            log.warning(
                "%s: %d of %d notifications of an outbound message are not about users: ignored",
                org,
                taken.ignored,
                taken.notifications,
            )

    def _note_refusal(self, org: str | None, refusal: Refusal) -> None:
        if org is not None:
            self.tally.refused(org, refusal.reason)
        sentence = "The token is wrong." if refusal.reason is Reason.TOKEN and org else refusal
        log.warning("%s: an outbound message was refused: %s", org or "no org", sentence)


def _commit(store: OutboundStore, door: Door, body: bytes) -> Taken:
    try:
        found = take(store, door.org, door.read(body), door.key_prefix)
    except OddMessage as error:
        raise Refusal(400, Reason.ODD, f"This is no outbound message. {error}") from None
    except StoreUnavailable:
        raise Refusal(503, Reason.DATABASE, "The database cannot be used now.") from None
    if isinstance(found, Taken):
        return found
    status, reason = _TURNED[found]
    raise Refusal(status, reason, found.value)
