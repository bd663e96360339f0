"""Record ids: 15 case-sensitive characters, or 18 that are safe where case is lost."""

import re
from functools import lru_cache

_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?", re.ASCII)
_SUFFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def to_18(record_id: str) -> str:
    """The 18-character form of an id.

    Raises ValueError for what is no id, and for 18 characters whose suffix contradicts the rest
    (an id that lost its case). The suffix: of each group of five characters, the first being the
    least significant bit, a bit is set for each capital letter
    (https://help.salesforce.com/s/articleView?id=000385585).
    """
    if not _SHAPE.fullmatch(record_id):
        raise ValueError(f"{record_id[:24]!r} is no Salesforce id of 15 or 18 characters")
    stem = record_id[:15]
    whole = stem + _letter(stem[:5]) + _letter(stem[5:10]) + _letter(stem[10:])
    if len(record_id) == 18 and record_id != whole:
        raise ValueError(f"{record_id!r} is no Salesforce id: its last three letters do not fit")
    return whole


@lru_cache(maxsize=65536)
def _letter(five: str) -> str:
    return _SUFFIX_LETTERS[sum(1 << i for i, c in enumerate(five) if "A" <= c <= "Z")]
