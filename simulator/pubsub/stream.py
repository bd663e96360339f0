"""One subscription while it lasts: its credit, its position, and what it is to hear next.

Credit is additive and never more than 100. With credit and nothing to say the stream gives a sign
of life after the keepalive time; without credit it ends after the other one. That it ends without
an error is unconfirmed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from eventbus.pubsub_api_pb2 import ConsumerEvent, FetchResponse, ProducerEvent
from simulator.pubsub.events import OVER, Events
from simulator.pubsub.log import Event, replay_bytes
from simulator.pubsub.refusals import Refusal, refusal
from simulator.pubsub.topics import Topic
from simulator.schema.access import Access
from simulator.schema.model import SObject

MOST = 100
Write = Callable[[Any], Awaitable[None]]


class Stream:
    response_type: Any = FetchResponse

    def __init__(
        self, events: Events, topic: Topic, access: Callable[[], Access], rpc_id: str
    ) -> None:
        self.events = events
        self._access = access
        self.topic = topic
        self.rpc_id = rpc_id
        self.position = 0
        self.credit = 0
        self.delivered = 0
        self.silent_until = 0.0
        self.again: deque[int] = deque()
        self.wake = asyncio.Event()
        self.over = False
        self._end: Refusal | None = None
        self._since = time.monotonic()

    def take(self, request: Any) -> None:
        """A request after the first. Raises a Refusal for what no client may ask."""
        if request.topic_name not in ("", self.topic.name):
            message = "The topic name differs from that of the first request."
            raise refusal("subscription.fetch.topic.mismatch", message)
        if request.auth_refresh:
            raise refusal("service.auth.refresh.invalid", "auth_refresh is for internal use.")
        self.ask(request.num_requested)

    def requested_wrongly(self, message: str) -> Refusal:
        return refusal("subscription.fetch.requested.events.invalid", message)

    def ask(self, more: int) -> None:
        """More credit."""
        if more <= 0:
            raise self.requested_wrongly("The number of requested events must be greater than 0.")
        if not self.credit:
            self._since = time.monotonic()
        self.credit = min(MOST, self.credit + more)
        self.wake.set()

    def json(self) -> dict[str, object]:
        return {
            "topic": self.topic.name,
            "user_id": self._access().user_id,
            "pending": self.credit,
            "delivered": self.delivered,
            "position": self.position,
            "silent": self._silent() > 0,
            "rpc_id": self.rpc_id,
        }

    def end(self, why: Refusal | None) -> None:
        """At the next opportunity; without a reason it just ends."""
        self._end, self.over = why, True
        self.wake.set()

    async def run(self, write: Write) -> None:
        """Until it ends. Raises the Refusal that ends it, if one does."""
        while not self.over:
            self.wake.clear()
            response = self._response()
            if response is not None:
                self._since = time.monotonic()
                await write(response)
                continue
            await self._pause()
        if self._end is not None:
            raise self._end

    def _response(self) -> Any:
        """What there is to say now, an empty answer where it is time for one."""
        if self._silent() > 0:
            return None
        found = self._due() if self.credit else []
        if found:
            return self._filled(found)
        if self._left() > 0:
            return None
        if self.credit:
            quiet = self.events.settings.keepalive_seconds
            self.position = self.events.log.told(quiet)
            return self._answer([])
        self.end(None)
        return None

    def _due(self) -> list[Event]:
        objects = [o.name for o in self.topic.open_to(self._access())]
        if self.again:
            count = min(self.credit, len(self.again))
            return self.events.log.those([self.again.popleft() for _ in range(count)])
        log = self.events.log
        found = log.after(self.position, objects, self.credit)
        self.position = found[-1].replay if len(found) == self.credit else log.newest
        return found

    def _filled(self, found: list[Event]) -> Any:
        """Delivers as many as the org's daily allotment still has."""
        left = self.events.deliveries.left
        if len(found) > left:
            self.end(refusal("subscription.limit.exceeded", OVER))
            found = found[:left]
            if not found:
                return None
        self.events.deliveries.spend(len(found))
        self.credit -= len(found)
        self.delivered += len(found)
        access = self._access()
        return self._answer([self._event(event, access) for event in found])

    def _event(self, event: Event, access: Access) -> ConsumerEvent:
        sobject = self.events.schema.objects[event.object.lower()]
        payload = self.events.encode(event, lambda name: _visible(access, sobject, name))
        made = ProducerEvent(id=self.events.uuid(event), schema_id=event.schema_id, payload=payload)
        return ConsumerEvent(event=made, replay_id=replay_bytes(event.replay))

    def _answer(self, found: list[ConsumerEvent], **more: Any) -> Any:
        latest = found[-1].replay_id if found else replay_bytes(self.position)
        return self.response_type(
            events=found,
            latest_replay_id=latest,
            rpc_id=self.rpc_id,
            pending_num_requested=self.credit,
            **more,
        )

    async def _pause(self) -> None:
        wait = self._silent() or self._left()
        try:
            async with asyncio.timeout(max(0.0, wait)):
                await self.wake.wait()
        except TimeoutError:
            return

    def _silent(self) -> float:
        return max(0.0, self.silent_until - time.monotonic())

    def _left(self) -> float:
        """Seconds until something is to happen without any event."""
        settings = self.events.settings
        limit = settings.keepalive_seconds if self.credit else settings.starve_seconds
        return self._since + limit - time.monotonic()


def _visible(access: Access, sobject: SObject, name: str) -> bool:
    field = sobject.field(name)
    return field is None or access.readable(sobject, field)
