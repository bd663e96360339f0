"""What the org counts: record ids and auto-numbers."""

from __future__ import annotations

import re

from simulator import ids
from simulator.database import Database
from simulator.schema.model import Field, SObject

PLACE = re.compile(r"\{(0+)\}")


def next_id(database: Database, sobject: SObject) -> str:
    serial = _next(database, "serial", 1_000_000)
    return ids.make(sobject.prefix, database.setting("pod", "5f"), serial)


def next_number(database: Database, sobject: SObject, field: Field) -> str:
    """`A-{0000}` gives `A-0001`; a number that needs more digits gets them."""
    serial = _next(database, f"number:{sobject.name}.{field.name}", 0)
    return PLACE.sub(lambda place: str(serial).zfill(len(place[1])), field.auto_number or "{0}")


def _next(database: Database, name: str, before_first: int) -> int:
    serial = int(database.setting(name, str(before_first))) + 1
    database.set_setting(name, str(serial))
    return serial
