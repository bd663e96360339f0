"""ManagedSubscribe: as Subscribe, but the org keeps the position, and the client commits it.

Codes are documented; what is refused in a first request, too. Unconfirmed: which comes first where
several things are wrong, and that a commit may go back to an older id.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventbus.pubsub_api_pb2 import (
    COMMIT,
    CommitReplayRequest,
    CommitReplayResponse,
    Error,
    ManagedFetchRequest,
    ManagedFetchResponse,
)
from simulator.ids import to_18
from simulator.pubsub.admission import Caller
from simulator.pubsub.events import Events
from simulator.pubsub.refusals import Refusal, refusal
from simulator.pubsub.stream import Stream
from simulator.pubsub.subscriptions import PREFIX, Subscription
from simulator.pubsub.topics import Topic, find_topic
from simulator.schema.access import Access

CODE = "managed.subscription"


class ManagedStream(Stream):
    """One answer confirms all commits that wait for it: it names the last of them."""

    response_type = ManagedFetchResponse

    def __init__(
        self,
        events: Events,
        topic: Topic,
        access: Callable[[], Access],
        rpc_id: str,
        subscription: Subscription,
    ) -> None:
        super().__init__(events, topic, access, rpc_id)
        self.subscription = subscription
        self.position = _start(events, subscription)
        self._commits: list[CommitReplayRequest] = []

    def take(self, request: ManagedFetchRequest) -> None:
        if request.auth_refresh:
            raise _refusal("fetch.request.auth.request.restricted", "auth_refresh is not taken.")
        commits = request.HasField("commit_replay_id_request")
        if commits:
            self._commits.append(request.commit_replay_id_request)
            self.wake.set()
        if request.num_requested or not commits:
            self.ask(request.num_requested)

    def requested_wrongly(self, message: str) -> Refusal:
        return _refusal("fetch.request.events.invalid", message)

    def _response(self) -> Any:
        if not self._commits:
            return super()._response()
        commits, self._commits = self._commits, []
        return self._answer([], commit_response=[self._committed(one) for one in commits][-1])

    def _committed(self, commit: CommitReplayRequest) -> CommitReplayResponse:
        answer = CommitReplayResponse(
            commit_request_id=commit.commit_request_id,
            replay_id=commit.replay_id,
            process_time=int(self.events.now() * 1000),
        )
        if self.events.log.knows(commit.replay_id):
            position = int.from_bytes(commit.replay_id)
            self.events.managed.commit(self.subscription.id, position)
        else:
            answer.error.CopyFrom(Error(code=COMMIT, msg="The Replay ID validation failed."))
        return answer


def open_managed(caller: Caller, first: ManagedFetchRequest, rpc_id: str) -> ManagedStream:
    """By the first request. Raises a Refusal."""
    events = caller.org.events
    if first.HasField("commit_replay_id_request"):
        message = "The first request can't commit a replay ID."
        raise _refusal("fetch.request.commit.request.restricted", message)
    subscription = _find(events, first)
    if subscription.state != "RUN":
        raise _refusal("config.stopped", f"The subscription {subscription.name} is stopped.")
    if any(_is_of(stream, subscription) for stream in events.streams.values()):
        raise _refusal("already.active", f"{subscription.name} has an active client.")
    topic = find_topic(events.topics, subscription.topic)
    events.admit(topic, caller.access())
    stream = ManagedStream(events, topic, caller.access, rpc_id, subscription)
    stream.take(first)
    return stream


def end_managed(events: Events) -> None:
    """Streams whose configuration is gone or stopped end."""
    for stream in events.streams.values():
        if isinstance(stream, ManagedStream):
            found = events.managed.find(stream.subscription.id)
            if found is None:
                stream.end(_refusal("config.deleted", "The subscription was deleted."))
            elif found.state != "RUN":
                stream.end(_refusal("config.stopped", "The subscription was stopped."))


def _find(events: Events, first: ManagedFetchRequest) -> Subscription:
    if not first.subscription_id and not first.developer_name:
        raise _refusal("id.or.developer.name.empty", "An id or a developer name is needed.")
    if first.subscription_id:
        found = to_18(first.subscription_id)
        if found is None or not found.startswith(PREFIX):
            raise _refusal("subscription.id.invalid", f"{first.subscription_id} is no such id.")
    subscription = events.managed.find(first.subscription_id or first.developer_name)
    if subscription is None:
        missing = "subscription.id" if first.subscription_id else "developer.name"
        raise _refusal(f"{missing}.not.found", "There is no such subscription.")
    return subscription


def _start(events: Events, subscription: Subscription) -> int:
    log, preset = events.log, subscription.start
    if subscription.position is not None:
        if log.knows(subscription.position.to_bytes(8)):
            return subscription.position
        preset = subscription.recovery
    return log.newest if preset == "LATEST" else 0


def _is_of(stream: Stream, subscription: Subscription) -> bool:
    return isinstance(stream, ManagedStream) and stream.subscription.id == subscription.id


def _refusal(suffix: str, message: str) -> Refusal:
    return refusal(f"{CODE}.{suffix}", message)
