"""A small client of the Pub/Sub API for tests: gRPC, Avro, bitmaps, straight from the contract."""

from __future__ import annotations

import io
import json
import queue
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import grpc

from eventbus import pubsub_api_pb2 as pb
from tests.simulator.running import Simulator

PATH = "/eventbus.v1.PubSub/"
PREFIX = "sfdc.platform.eventbus.grpc."
LONGEST = 10.0
USERS = "/data/UserChangeEvent"


@dataclass(frozen=True)
class Event:
    """One delivered event: the header, what is set of the body, and bitmaps as names."""

    replay_id: bytes
    id: str
    schema_id: str
    header: dict[str, Any]
    fields: dict[str, Any]
    changed: list[str]
    nulled: list[str]


class Failed(Exception):
    """How an RPC ended: status, code without its prefix, sentence, trailers."""

    def __init__(self, error: grpc.RpcError) -> None:
        self.status = error.code().name
        self.message = error.details()
        self.trailers = {t.key: t.value for t in error.trailing_metadata() or ()}
        self.code = self.trailers.get("error-code", "").removeprefix(PREFIX)
        super().__init__(f"{self.status} {self.code}: {self.message}")


def decode(bitmaps: list[str], schema: dict[str, Any]) -> list[str]:
    """The names that bitmaps stand for: `Title`, `Name.FirstName`."""
    named = {f["type"][-1]["name"]: f["type"][-1] for f in schema["fields"][1:] if _record(f)}
    found = []
    for text in bitmaps:
        parent, _, digits = text.rpartition("-")
        assert digits == "0x" + digits[2:].upper()
        number = int(digits, 16)
        fields, before = schema["fields"], ""
        if parent:
            kind = fields[int(parent)]["type"][-1]
            before = fields[int(parent)]["name"] + "."
            fields = (kind if isinstance(kind, dict) else named[kind])["fields"]
        bits = [n for n in range(number.bit_length()) if number >> n & 1]
        found += [before + fields[n]["name"] for n in bits]
    return found


def _record(field: dict[str, Any]) -> bool:
    kind = field["type"][-1]
    return isinstance(kind, dict) and kind["type"] == "record"


class Bus:
    """One user's connection to the endpoint."""

    def __init__(self, facts: dict[str, str], token: str, **headers: str) -> None:
        credentials = grpc.ssl_channel_credentials(Path(facts["ca_file"]).read_bytes())
        self.channel = grpc.secure_channel(facts["pubsub_endpoint"], credentials)
        self.metadata = {
            "accesstoken": token,
            "instanceurl": facts["url"],
            "tenantid": facts["organization_id"],
        } | headers
        self._schemas: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        self.channel.close()

    def call(self, rpc: str, request: Any) -> Any:
        described = pb.DESCRIPTOR.services_by_name["PubSub"].methods_by_name[rpc]
        answer = getattr(pb, described.output_type.name)
        method = self.channel.unary_unary(
            PATH + rpc, type(request).SerializeToString, answer.FromString
        )
        try:
            return method(request, metadata=tuple(self.metadata.items()), timeout=LONGEST)
        except grpc.RpcError as error:
            raise Failed(error) from error

    def topic(self, name: str = USERS) -> Any:
        return self.call("GetTopic", pb.TopicRequest(topic_name=name))

    def schema(self, schema_id: str) -> dict[str, Any]:
        if schema_id not in self._schemas:
            answer = self.call("GetSchema", pb.SchemaRequest(schema_id=schema_id))
            self._schemas[schema_id] = json.loads(answer.schema_json)
        return self._schemas[schema_id]

    def listen(
        self, topic: str = USERS, credit: int = 100, after: bytes = b"", preset: str = ""
    ) -> Stream:
        """From now on; after an id; or by a preset."""
        named = preset or ("CUSTOM" if after else "LATEST")
        first = pb.FetchRequest(
            topic_name=topic,
            replay_preset=pb.ReplayPreset.Value(named),
            replay_id=after,
            num_requested=credit,
        )
        return Stream(self, first)

    def start(self, first: Any, rpc: str = "Subscribe") -> Stream:
        """By a first request of any kind."""
        return Stream(self, first, rpc)

    def read(self, event: pb.ConsumerEvent) -> Event:
        schema = self.schema(event.event.schema_id)
        parsed = fastavro.parse_schema(schema)
        record: Any = fastavro.schemaless_reader(io.BytesIO(event.event.payload), parsed, None)
        header = record.pop("ChangeEventHeader")
        changed, nulled = (decode(header.pop(n), schema) for n in ("changedFields", "nulledFields"))
        fields = {name: value for name, value in record.items() if value is not None}
        return Event(
            event.replay_id,
            event.event.id,
            event.event.schema_id,
            header,
            fields,
            changed,
            nulled,
        )


class Stream:
    """An open subscription. Answers are read by a thread of their own, as they come."""

    def __init__(self, bus: Bus, first: Any, rpc: str = "Subscribe") -> None:
        self._bus = bus
        described = pb.DESCRIPTOR.services_by_name["PubSub"].methods_by_name[rpc]
        answer = getattr(pb, described.output_type.name)
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._requests.put(first)
        method = bus.channel.stream_stream(
            PATH + rpc, type(first).SerializeToString, answer.FromString
        )
        self.call = method(iter(self._requests.get, None), metadata=tuple(bus.metadata.items()))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.last: Any = None

    def _read(self) -> None:
        try:
            for answer in self.call:
                self._answers.put(answer)
            self._answers.put(None)
        except grpc.RpcError as error:
            self._answers.put(Failed(error))

    def ask(self, more: int = 0, **fields: Any) -> None:
        self._requests.put(pb.FetchRequest(num_requested=more, **fields))

    def send(self, request: Any) -> None:
        self._requests.put(request)

    def answer(self, timeout: float = LONGEST) -> Any:
        """The next answer; None where the stream has ended. Raises how it failed."""
        found = self._answers.get(timeout=timeout)
        if isinstance(found, Failed):
            raise found
        self.last = found or self.last
        return found

    def events(self, count: int = 1) -> list[Event]:
        """The next events, so many; keepalives between them are passed over."""
        found: list[Event] = []
        while len(found) < count:
            answer = self.answer()
            assert answer is not None, "the stream has ended"
            found += [self._bus.read(event) for event in answer.events]
        assert len(found) == count
        return found

    def event(self) -> Event:
        return self.events(1)[0]

    def quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for that time."""
        try:
            self._answers.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def close(self) -> None:
        self._requests.put(None)
        self.call.cancel()
        self._thread.join(LONGEST)

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def bus_of(org: Simulator, user: str = "integration", **headers: str) -> Bus:
    token = org.control("POST", "token", {"user": user})["access_token"]
    return Bus(org.ready, token, **headers)


def streams(org: Simulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = org.control("GET", "events")["streams"]
    return found


def opened(org: Simulator, count: int = 1, *, pending: int | None = None) -> None:
    """Waits until so many streams are open: a subscriber with LATEST hears only what is later.

    With `pending`, also until each has that much credit.
    """
    deadline = time.monotonic() + LONGEST
    while True:
        found = streams(org)
        if len(found) == count and pending in (None, *(s["pending"] for s in found)):
            return
        assert time.monotonic() < deadline, found
        time.sleep(0.005)
