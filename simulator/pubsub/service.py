"""The RPCs. Each begins the same way: who, ordered failures, then what was asked."""

from __future__ import annotations

import asyncio
import traceback
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from eventbus.pubsub_api_pb2 import (
    CUSTOM,
    LATEST,
    FetchRequest,
    ManagedFetchRequest,
    PublishRequest,
    SchemaInfo,
    SchemaRequest,
    TopicInfo,
    TopicRequest,
)
from simulator.pubsub.admission import Caller, Tenant, admit, tenant
from simulator.pubsub.events import Events
from simulator.pubsub.managed import open_managed
from simulator.pubsub.publishing import refused
from simulator.pubsub.refusals import PREFIX, Refusal, refusal
from simulator.pubsub.stream import Stream
from simulator.pubsub.topics import find_topic

Context = Any
Opening = Callable[[Any], Stream]
T = TypeVar("T")


class Service:
    """Every RPC of every org of the process."""

    def __init__(self, tenants: list[Tenant]) -> None:
        self._tenants = tenants

    async def get_topic(self, request: TopicRequest, context: Context) -> TopicInfo:
        async def run(caller: Caller, rpc_id: str) -> TopicInfo:
            return topic_info(request, caller, rpc_id)

        return await self._guarded("GetTopic", context, run)

    async def get_schema(self, request: SchemaRequest, context: Context) -> SchemaInfo:
        async def run(caller: Caller, rpc_id: str) -> SchemaInfo:
            return schema_info(request, caller, rpc_id)

        return await self._guarded("GetSchema", context, run)

    async def subscribe(self, requests: AsyncIterator[FetchRequest], context: Context) -> None:
        async def run(caller: Caller, rpc_id: str) -> None:
            await follow(partial(open_stream, caller, rpc_id=rpc_id), requests, context.write)

        await self._guarded("Subscribe", context, run)

    async def managed_subscribe(
        self, requests: AsyncIterator[ManagedFetchRequest], context: Context
    ) -> None:
        async def run(caller: Caller, rpc_id: str) -> None:
            await follow(partial(open_managed, caller, rpc_id=rpc_id), requests, context.write)

        await self._guarded("ManagedSubscribe", context, run)

    async def publish(self, request: PublishRequest, context: Context) -> None:
        async def run(caller: Caller, _: str) -> None:
            raise refused(request, caller)

        await self._guarded("Publish", context, run)

    async def publish_stream(
        self, requests: AsyncIterator[PublishRequest], context: Context
    ) -> None:
        async def run(caller: Caller, _: str) -> None:
            async for request in requests:
                raise refused(request, caller)

        await self._guarded("PublishStream", context, run)

    async def _guarded(
        self, name: str, context: Context, run: Callable[[Caller, str], Awaitable[T]]
    ) -> T:
        """What the RPC answers, or the refusal as status and trailers."""
        rpc_id = str(uuid.uuid4())
        try:
            return await run(self._caller(name, context), rpc_id)
        except Refusal as why:
            await _refuse(context, why, rpc_id)
            raise
        except (
            Exception
        ):  # a fault of the simulator itself: shown on stderr, answered as an org does
            traceback.print_exc()
            await _refuse(context, refusal("subscription.internal.error"), rpc_id)
            raise

    def _caller(self, name: str, context: Context) -> Caller:
        found, token = tenant(self._tenants, context.invocation_metadata())
        found.org.events.failures.strike(name)
        return admit(found, token)


async def _refuse(context: Context, why: Refusal, rpc_id: str) -> None:
    """Ends the RPC. A connection that breaks says nothing of its own."""
    trailers = (("error-code", PREFIX + why.code), ("rpc-id", rpc_id)) if why.code else ()
    said = f"{why.message} rpcId: {rpc_id}" if why.code else why.message
    await context.abort(why.status, said, trailers)


def topic_info(request: TopicRequest, caller: Caller, rpc_id: str) -> TopicInfo:
    """A channel of several objects has no schema of its own (seen)."""
    events = caller.org.events
    topic = find_topic(events.topics, request.topic_name)
    schema_id = events.layouts[topic.objects[0].name].id if topic.single else ""
    return TopicInfo(
        topic_name=topic.name,
        tenant_guid=f"core/prod/{caller.org.organization_id}",
        can_publish=False,
        can_subscribe=not topic.single or bool(topic.open_to(caller.access())),
        schema_id=schema_id,
        rpc_id=rpc_id,
    )


def schema_info(request: SchemaRequest, caller: Caller, rpc_id: str) -> SchemaInfo:
    """The sentence for a blank id was seen."""
    why = "Schema validation failed. "
    if not request.schema_id:
        raise refusal("schema.validation.failed", why + "The schema ID can't be blank.")
    found = caller.org.events.schema_json(request.schema_id)
    if found is None:
        raise refusal("schema.validation.failed", why + "The schema ID is not valid.")
    return SchemaInfo(schema_json=found, schema_id=request.schema_id, rpc_id=rpc_id)


async def follow(opening: Opening, requests: AsyncIterator[Any], write: Any) -> None:
    """A subscription from its first request on."""
    first = await anext(aiter(requests), None)
    if first is None:
        raise refusal("subscription.fetch.request.invalid", "There was no request.")
    stream = opening(first)
    number = stream.events.join(stream)
    reader = asyncio.create_task(_read(stream, requests))
    try:
        await stream.run(write)
    finally:
        stream.events.leave(number)
        reader.cancel()


def open_stream(caller: Caller, first: FetchRequest, rpc_id: str) -> Stream:
    events = caller.org.events
    topic = find_topic(events.topics, first.topic_name)
    events.admit(topic, caller.access())
    stream = Stream(events, topic, caller.access, rpc_id)
    stream.take(first)
    stream.position = _start(events, first)
    return stream


def _start(events: Events, first: FetchRequest) -> int:
    """Where the stream begins: behind this id."""
    if first.replay_preset == LATEST:
        return events.log.newest
    if first.replay_preset != CUSTOM:
        return 0
    if not first.replay_id:
        message = "A replay ID is needed when the replay preset is CUSTOM."
        raise refusal("subscription.fetch.replayid.validation.failed", message)
    if not events.log.knows(first.replay_id):
        message = "The Replay ID validation failed."
        raise refusal("subscription.fetch.replayid.corrupted", message)
    return int.from_bytes(first.replay_id)


async def _read(stream: Stream, requests: AsyncIterator[Any]) -> None:
    """Later requests bring credit. When the client has no more to ask, the stream ends."""
    try:
        async for request in requests:
            stream.take(request)
        stream.end(None)
    except Refusal as why:
        stream.end(why)
    except Exception:  # noqa: BLE001 - a fault of the simulator itself
        traceback.print_exc()
        stream.end(refusal("subscription.internal.error"))
