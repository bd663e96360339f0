"""The event bus of one org: takes in what is committed, knows who listens and what was ordered."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import orjson

from simulator.clock import Clock
from simulator.database import Database
from simulator.pubsub.avro import Layout, make_layout
from simulator.pubsub.changes import body, changes
from simulator.pubsub.concealing import Concealing
from simulator.pubsub.encoding import Codec, Visible, make_codec
from simulator.pubsub.failures import Failures
from simulator.pubsub.log import Event, EventLog
from simulator.pubsub.refusals import Refusal, broken, refusal
from simulator.pubsub.subscriptions import Subscriptions
from simulator.pubsub.topics import Topic, topics_of
from simulator.quota import Allotment
from simulator.saves import Saved
from simulator.schema.access import Access
from simulator.schema.model import Schema, SObject

if TYPE_CHECKING:
    from simulator.pubsub.stream import Stream

DELIVERIES = 1_000_000
OVER = "You have exceeded the event delivery limit for your org."
FIRST_COMMIT = 10_500_000_000_000
SCHEMAS = """CREATE TABLE IF NOT EXISTS event_schema (
    id TEXT PRIMARY KEY, object TEXT NOT NULL, json TEXT NOT NULL
) WITHOUT ROWID"""


@dataclass
class Settings:
    """Seconds of real time, but for the retention, which goes by the org's clock."""

    keepalive_seconds: float = 270.0
    starve_seconds: float = 60.0
    merged: int = 200
    streams: int = 1000


class Events:
    def __init__(self, database: Database, clock: Clock, schema: Schema) -> None:
        self._db = database
        self._clock = clock
        self._db.execute(SCHEMAS)
        self.schema = schema
        self.settings = Settings()
        self.topics = topics_of(schema)
        self.log = EventLog(database, clock)
        self.deliveries = Allotment(database, clock, "event", DELIVERIES)
        self.streams: dict[int, Stream] = {}
        self.published = 0
        self.failures = Failures()
        self.managed = Subscriptions(database)
        self.concealing = Concealing()
        self.silent_until = 0.0
        self._number = 0
        selected = {o.name: o for members in schema.channels.values() for o in members}
        self.layouts = {name: self._layout(sobject) for name, sobject in selected.items()}
        self._codec = lru_cache(maxsize=64)(self._make_codec)

    def committing(self, saved: list[Saved], origin: str) -> None:
        """Writes the events of a transaction, in it."""
        at, commit = self._clock.now(), 0
        for one, ids, sequence in changes(saved, self.settings.merged):
            layout = self.layouts.get(one.sobject.name)
            if layout is None:
                continue
            replay = self.log.next()
            commit = commit or FIRST_COMMIT + replay
            event = Event(
                replay,
                at,
                one.sobject.name,
                layout.id,
                one.kind,
                ids,
                origin,
                one.user_id,
                commit,
                sequence,
                orjson.dumps(body(layout, one)),
            )
            self.log.add(self.concealing.told(event, one.sobject.prefix))
            self.published += 1

    def committed(self) -> None:
        for stream in self.streams.values():
            stream.wake.set()

    def now(self) -> float:
        return self._clock.now()

    def admit(self, topic: Topic, access: Access) -> None:
        """Raises the Refusal for a stream that may not be opened, or is one too many."""
        if topic.single and not topic.open_to(access):
            message = f"You don't have permission to subscribe to {topic.name}."
            raise refusal("subscription.topic.cannot.subscribe", message)
        if len(self.streams) >= self.settings.streams:
            message = "The maximum number of concurrent clients has been exceeded."
            raise refusal("concurrent.client.limit.exceeded", message)
        if self.deliveries.exhausted:
            raise refusal("subscription.limit.exceeded", OVER)

    def join(self, stream: Stream) -> int:
        stream.silent_until = self.silent_until
        self._number += 1
        self.streams[self._number] = stream
        return self._number

    def leave(self, number: int) -> None:
        self.streams.pop(number, None)

    def announce(self, sobject: SObject, kind: str, ids: str, user_id: str) -> int:
        """An event that no save of a record has brought about, header only; its replay id."""
        replay = self.log.next()
        layout = self.layouts[sobject.name]
        commit = FIRST_COMMIT + replay
        self.log.add(
            Event(
                replay,
                self._clock.now(),
                sobject.name,
                layout.id,
                kind,
                ids,
                "",
                user_id,
                commit,
                1,
                b"{}",
            )
        )
        self.published += 1
        self.committed()
        return replay

    def move(self) -> None:
        """As an org that moves or is refreshed: streams break, old replay ids mean nothing."""
        self.log.forget()
        self.cut(broken())

    def change_schema(self, sobject: SObject) -> Layout:
        """One field more in front of all others: another schema id, and other positions."""
        setting = f"event_extra_{sobject.name}"
        self._db.set_setting(setting, str(int(self._db.setting(setting, "0")) + 1))
        self.layouts[sobject.name] = self._layout(sobject)
        return self.layouts[sobject.name]

    def silence(self, seconds: float, *, new: bool) -> int:
        """Open streams say nothing for so long; streams that are opened meanwhile, if `new`."""
        until = time.monotonic() + seconds
        self.silent_until = until if new else 0.0
        for stream in self.streams.values():
            stream.silent_until = until
            stream.wake.set()
        return len(self.streams)

    def repeat(self, count: int) -> int:
        """The last events of each open stream's topic once more; how many deliveries that makes."""
        repeated = 0
        for stream in self.streams.values():
            last = self.log.last([o.name for o in stream.topic.objects], count)
            stream.again += last
            stream.wake.set()
            repeated += len(last)
        return repeated

    def cut(self, why: Refusal | None) -> int:
        """Ends the streams that are open now; how many."""
        for stream in self.streams.values():
            stream.end(why)
        return len(self.streams)

    def encode(self, event: Event, visible: Visible) -> bytes:
        return self._codec(event.schema_id).encode(event, visible)

    def uuid(self, event: Event) -> str:
        """The same one whenever the event is delivered."""
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"event {event.at} {event.replay}"))

    def schema_json(self, schema_id: str) -> str | None:
        sql = "SELECT json FROM event_schema WHERE id = ?"
        row = self._db.execute(sql, (schema_id,)).fetchone()
        return str(row[0]) if row else None

    def _layout(self, sobject: SObject) -> Layout:
        """Kept, because an event is read by the schema that it was written with."""
        extra = int(self._db.setting(f"event_extra_{sobject.name}", "0"))
        layout = make_layout(sobject, tuple(f"Simulated_{n}__c" for n in range(extra, 0, -1)))
        self._db.execute(
            "INSERT OR IGNORE INTO event_schema VALUES (?, ?, ?)",
            (layout.id, sobject.name, layout.json),
        )
        return layout

    def _make_codec(self, schema_id: str) -> Codec:
        schema = self.schema_json(schema_id)
        assert schema is not None, "stored when the event was"
        return make_codec(schema)
