"""Changed fields as bitmaps: positions in the event's schema instead of names.

Whole bytes, upper-case digits (a real client loses lower-case ones), no byte more than needed.
Goldens of the documentation: bits 11 and 22 are `0x400800`, bit 0 of the record at 4 is `4-0x01`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Places = Mapping[str, tuple[int, Mapping[str, int] | None]]
"""Where each field stands, and where within it each part of a compound one."""


def bitmap(positions: Iterable[int]) -> str:
    number = 0
    for position in positions:
        number |= 1 << position
    return "0x" + number.to_bytes(max(1, (number.bit_length() + 7) // 8)).hex().upper()


def bitmaps(places: Places, names: Mapping[str, Iterable[str] | None]) -> list[str]:
    """`names` are fields, each with the parts that are meant, or None for the field itself."""
    top = [places[name][0] for name, parts in names.items() if parts is None]
    found = [bitmap(top)] if top else []
    for name, parts in names.items():
        position, inner = places[name]
        if parts is not None and inner is not None:
            found.append(f"{position}-{bitmap(inner[part] for part in parts)}")
    return found
