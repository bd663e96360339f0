"""From an event on the wire to what it says: whom to look at, or that nobody can tell.

An event that cannot be read says that something happened: then the whole org is looked at.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro

from eventbus.pubsub_api_pb2 import ConsumerEvent
from sync.ports.events import ChangeEvent
from sync.salesforce.fields import SYSTEM_FIELDS, Layout
from sync.salesforce.ids import to_18
from sync.salesforce.pubsub.bitmaps import OddBitmap, changed
from sync.salesforce.pubsub.schemas import EventSchema, OddSchema, Schemas

OVERFLOW = "GAP_OVERFLOW"
"""More changes in one transaction than are told one by one.

https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_other_events_overflow.htm
"""

log = logging.getLogger(__name__)


class Decoder:
    """Reads the events of one layout's object."""

    def __init__(self, layout: Layout, schemas: Schemas) -> None:
        self._layout = layout
        self._schemas = schemas
        self._watched = frozenset(layout.read) - frozenset(SYSTEM_FIELDS)
        self._owned = frozenset(layout.owned)

    def decode(self, event: ConsumerEvent) -> ChangeEvent:
        """What the event says; raises what reading its schema raises."""
        try:
            schema = self._schemas.get(event.event.schema_id)
            return self._said(event.replay_id, _header(event.event.payload, schema), schema)
        except (OddSchema, OddBitmap, _OddHeader) as odd:
            log.warning("An event cannot be read (%s).", odd)
            return ChangeEvent(event.replay_id, (), True, True, None)

    def _said(self, position: bytes, header: Mapping[str, Any], schema: EventSchema) -> ChangeEvent:
        kind = _text(header, "changeType")
        if _text(header, "entityName") != self._layout.object:
            return ChangeEvent(position, (), False, False, None)
        user_ids, everyone = _ids(header.get("recordIds"), self._layout.key_prefix)
        if kind == OVERFLOW:
            user_ids, everyone = (), True
        touched = self._touched(header, schema) if kind == "UPDATE" else None
        return ChangeEvent(
            position=position,
            user_ids=user_ids,
            matters=everyone or touched is None or bool(touched),
            everyone=everyone,
            committed_at=_time(header.get("commitTimestamp")),
            actor=_text(header, "commitUser"),
            is_ours=touched is not None and touched <= self._owned,
        )

    def _touched(self, header: Mapping[str, Any], schema: EventSchema) -> frozenset[str] | None:
        """Which of the fields that we read were changed; None if it does not say."""
        bitmaps = header.get("changedFields")
        if not isinstance(bitmaps, list) or not bitmaps:
            return None
        return self._watched & changed(map(str, bitmaps), schema.names)


class _OddHeader(ValueError):
    """A header that is not what its schema says."""


def _header(payload: bytes, schema: EventSchema) -> Mapping[str, Any]:
    """The header alone; what follows it is left unread."""
    try:
        found = fastavro.schemaless_reader(BytesIO(payload), schema.header, None)
    except (EOFError, ValueError, TypeError, LookupError, OverflowError, MemoryError):
        found = None
    if not isinstance(found, dict):
        raise _OddHeader("its header is not as its schema says")
    return found


def _ids(found: object, prefix: str | None) -> tuple[tuple[str, ...], bool]:
    """The ids in scope of the layout, and whether any may stand for more than itself.

    Wildcards do, and so does the empty id of an overflow.
    """
    if not isinstance(found, list) or not found:
        return (), True
    good, everyone = [], False
    for one in found:
        try:
            good.append(to_18(str(one)))
        except ValueError:
            everyone = True
    if prefix is None:
        return tuple(good), everyone
    ours = tuple(one for one in good if one.startswith(prefix))
    return ours, everyone or len(ours) < len(good)


def _text(header: Mapping[str, Any], name: str) -> str:
    value = header.get(name)
    return value if isinstance(value, str) else ""


def _time(milliseconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
