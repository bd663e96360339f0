"""One org's event bus over gRPC. The channel is made at the first use, in the process that uses it.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/intro.html
"""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import grpc
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from eventbus import pubsub_api_pb2 as wire
from sync.errors import CallFailed
from sync.ports.events import ENDPOINT, Batch, Subscription
from sync.salesforce.fields import Layout
from sync.salesforce.login import Session
from sync.salesforce.pubsub.decoding import Decoder
from sync.salesforce.pubsub.error_codes import EXPIRED, failure, may_not_subscribe
from sync.salesforce.pubsub.schemas import Schemas

CALL_SECONDS = 20.0

_SERVICE = wire.DESCRIPTOR.services_by_name["PubSub"]
_OPTIONS = (
    # A connection that something between dropped without a word shows within a minute and a half
    # (https://github.com/pozil/pub-sub-api-node-client/pull/96), not only by the stream's silence.
    # A bus that takes offense ends the stream, which is opened again where it was.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.enable_http_proxy", 0),  # as for REST: nothing from the environment
    ("grpc.enable_retries", 0),  # what is tried again is decided in one place
)


@dataclass(frozen=True, slots=True)
class BusAddress:
    """Where the bus is (host:port), and the authority that proves it: None for public ones."""

    endpoint: str = ENDPOINT
    ca_file: Path | None = None


class Sessions(Protocol):
    """The org's session, as `Gateway` has it."""

    def session(self) -> Session:
        """The session in use; may log in. Raises CallFailed."""
        ...

    def forget_login(self) -> None:
        """Log in anew before the next call."""
        ...


def topic_of(object_name: str) -> str:
    """The topic of an object's change events.

    https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_subscribe_channels.htm
    """
    stem = object_name.removesuffix("c") if object_name.endswith("__c") else object_name
    return f"/data/{stem}ChangeEvent"


class PubSubBus:
    """Implements `EventBus`. Threads may share it."""

    def __init__(self, address: BusAddress, sessions: Sessions, layout: Layout) -> None:
        self._address = address
        self._sessions = sessions
        self._channel: grpc.Channel | None = None
        self._lock = threading.Lock()
        self._decoder = Decoder(layout, Schemas(self._schema))

    def subscribe(self, topic: str, after: bytes | None, events: int) -> Subscription:
        """Open a stream of what comes after a position, or from now on; may CallFailed."""
        preset = wire.ReplayPreset.LATEST if after is None else wire.ReplayPreset.CUSTOM
        first = wire.FetchRequest(
            topic_name=topic, replay_preset=preset, replay_id=after or b"", num_requested=events
        )
        requests = _Requests(first)
        call = self._method("Subscribe")(iter(requests), metadata=self._metadata())
        return PubSubStream(call, requests, self._decoder, self._expired)

    def check(self, topic: str) -> None:
        """CallFailed with a sentence if the topic is not there, or may not be listened to."""
        found: wire.TopicInfo = self._ask("GetTopic", wire.TopicRequest(topic_name=topic))
        if not found.can_subscribe:
            raise CallFailed(may_not_subscribe())

    def close(self) -> None:
        """Close the channel; the bus may be used again."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()
            self._channel = None

    def _expired(self) -> None:
        self._sessions.forget_login()

    def _schema(self, schema_id: str) -> str:
        """A schema's JSON."""
        found: wire.SchemaInfo = self._ask("GetSchema", wire.SchemaRequest(schema_id=schema_id))
        return found.schema_json

    def _ask(self, name: str, request: Message) -> Any:
        """The answer of a call; a session that has ended is renewed once: a stream outlives it."""
        for is_last in (False, True):
            try:
                return self._method(name)(request, timeout=CALL_SECONDS, metadata=self._metadata())
            except grpc.RpcError as error:
                refused = failure(error)
                if refused.code == EXPIRED:
                    self._expired()
                if is_last or refused.code != EXPIRED:
                    raise CallFailed(refused) from None
        raise AssertionError  # the last try returns or raises

    def _metadata(self) -> tuple[tuple[str, str], ...]:
        session = self._sessions.session()
        return (
            ("accesstoken", session.access_token),
            ("instanceurl", session.instance_url),
            ("tenantid", session.organization_id),
        )

    def _method(self, name: str) -> Any:
        """The call with this name."""
        method = _SERVICE.methods_by_name[name]
        make = self._open().stream_stream if method.client_streaming else self._open().unary_unary
        request, answer = (_class(of) for of in (method.input_type, method.output_type))
        return make(
            f"/{_SERVICE.full_name}/{name}",
            request_serializer=request.SerializeToString,
            response_deserializer=answer.FromString,
        )

    def _open(self) -> grpc.Channel:
        with self._lock:
            if self._channel is None:
                ca = self._address.ca_file
                roots = None if ca is None else ca.read_bytes()
                credentials = grpc.ssl_channel_credentials(root_certificates=roots)
                self._channel = grpc.secure_channel(
                    self._address.endpoint, credentials, options=_OPTIONS
                )
            return self._channel


def _class(descriptor: Descriptor) -> type[Message]:
    found: type[Message] = getattr(wire, descriptor.name)
    return found


class _Requests:
    """What is asked of an open stream: the first request, then more events, until it is closed."""

    def __init__(self, first: wire.FetchRequest) -> None:
        self._waiting: queue.SimpleQueue[wire.FetchRequest | None] = queue.SimpleQueue()
        self._topic = first.topic_name
        self._waiting.put(first)

    def __iter__(self) -> Iterator[wire.FetchRequest]:
        return iter(self._waiting.get, None)

    def ask_for(self, events: int) -> None:
        self._waiting.put(wire.FetchRequest(topic_name=self._topic, num_requested=events))

    def close(self) -> None:
        self._waiting.put(None)


@dataclass(slots=True)
class _End:
    """Why a stream ended."""

    error: grpc.RpcError | None


class PubSubStream:
    """Implements `Subscription`: a thread takes what arrives, and there is never more of it on
    this side than was asked for.
    """

    def __init__(
        self, call: Any, requests: _Requests, decoder: Decoder, expired: Callable[[], None]
    ) -> None:
        self._call = call
        self._requests = requests
        self._decoder = decoder
        self._expired = expired
        self._arrived: queue.SimpleQueue[wire.FetchResponse | _End] = queue.SimpleQueue()
        self._ended: CallFailed | None = None
        threading.Thread(target=self._take, daemon=True).start()

    def next(self, seconds: float) -> Batch | None:
        """The next batch; None if none comes within `seconds`. CallFailed at the end."""
        if self._ended is not None:
            raise self._ended
        try:
            found = self._arrived.get(timeout=seconds) if seconds else self._arrived.get_nowait()
        except queue.Empty:
            return None
        try:
            return self._batch(found)
        except CallFailed as failed:
            self._ended = failed
            raise

    def ask_for(self, events: int) -> None:
        """Let so many more events come."""
        self._requests.ask_for(events)

    def close(self) -> None:
        """End it; never fails."""
        self._requests.close()
        self._call.cancel()

    def _batch(self, found: wire.FetchResponse | _End) -> Batch | None:
        """What a response says; None if that is nothing. An end is raised."""
        if isinstance(found, _End):
            raise self._why(found)
        events = tuple(self._decoder.decode(event) for event in found.events)
        position = events[-1].position if events else found.latest_replay_id
        return Batch(events, position) if position else None

    def _take(self) -> None:
        """Runs until the stream ends, which `close` brings about."""
        error = None
        try:
            for response in self._call:
                self._arrived.put(response)
        except grpc.RpcError as ended:
            error = ended
        finally:
            self._arrived.put(_End(error))

    def _why(self, end: _End) -> CallFailed:
        refused = failure(end.error or _Quiet())
        if refused.code == EXPIRED:
            self._expired()
        return CallFailed(refused)


class _Quiet(grpc.RpcError):
    """A stream that the bus ended as if it were done."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAVAILABLE

    def details(self) -> str:
        return "the stream ended"

    def trailing_metadata(self) -> tuple[()]:
        return ()
