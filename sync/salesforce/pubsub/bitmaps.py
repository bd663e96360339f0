"""Which fields a change event says were changed: bits by the places of its schema.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/event-deserialization-considerations.html
"""

import re
from collections.abc import Iterable, Sequence

_TOP = re.compile(r"0x([0-9A-Fa-f]+)")
_NESTED = re.compile(r"(\d+)-0x[0-9A-Fa-f]+")


class OddBitmap(ValueError):
    """A list of bitmaps that cannot be read; the text says what is odd about it."""


def changed(elements: Iterable[str], names: Sequence[str]) -> frozenset[str]:
    """The top-level fields, of a schema with these names, in which something changed.

    `0x…` is a bitmap over the top-level fields, the first being the least significant bit.
    `4-0x…` is one over the parts of the fifth field: that field changed. Raises OddBitmap.
    """
    found = set()
    for element in elements:
        found |= set(_places(element))
    if any(place >= len(names) for place in found):
        raise OddBitmap("a bitmap has more bits than the schema has fields")
    return frozenset(names[place] for place in found)


def _places(element: str) -> Iterable[int]:
    if nested := _NESTED.fullmatch(element):
        return [int(nested[1])]
    if top := _TOP.fullmatch(element):
        bits = int(top[1], 16)
        return [place for place in range(bits.bit_length()) if bits >> place & 1]
    raise OddBitmap(f"{element[:40]!r} is no bitmap")
