"""Record ids: 15 case-sensitive characters, or 18 with a suffix that says the case.

Rule and goldens: Salesforce's documentation of record ids, checked against ids in
recorded answers (0055f000005mc66AAA, 0015500001QdQWaAAN, 7506g00000DhRA2AAN).
"""

from __future__ import annotations

import re
from functools import lru_cache

SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAIRS = [first + second for first in DIGITS for second in DIGITS]
FORM = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
ANYWHERE = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?(?![0-9A-Za-z])")


def suffix(short: str) -> str:
    """The three letters that tell which of the 15 characters are upper case."""
    return _letter(short[0:5]) + _letter(short[5:10]) + _letter(short[10:15])


@lru_cache(maxsize=4096)
def _letter(group: str) -> str:
    """Remembered, because neighboring ids share their beginning."""
    return SUFFIX[sum(1 << k for k, c in enumerate(group) if "A" <= c <= "Z")]


def to_18(text: object) -> str | None:
    """The 18-character form, or None when this is no id at all.

    An 18-character id whose case was lost is repaired from its suffix.
    """
    return _to_18(text) if isinstance(text, str) else None


@lru_cache(maxsize=262_144)
def _to_18(text: str) -> str | None:
    if not FORM.fullmatch(text):
        return None
    if len(text) == 15:
        return text + suffix(text)
    return _repaired(text)


def _repaired(text: str) -> str | None:
    tail = text[15:].upper()
    if any(letter not in SUFFIX for letter in tail):
        return None
    bits = [SUFFIX.index(letter) >> k & 1 for letter in tail for k in range(5)]
    short = "".join(c.upper() if bit else c.lower() for c, bit in zip(text, bits, strict=False))
    return short + tail if suffix(short) == tail else None


def make(prefix: str, pod: str, serial: int) -> str:
    """An id of the real form: key prefix, two characters of the instance, a serial."""
    body = ""
    for _ in range(4):
        serial, pair = divmod(serial, len(PAIRS))
        body = PAIRS[pair] + body
    short = f"{prefix}{pod}0{DIGITS[serial]}{body}"
    return short + suffix(short)


def in_text(text: str) -> set[str]:
    """Every id that a path or a body mentions (used for row locks only)."""
    return {long for found in ANYWHERE.findall(text) if (long := to_18(found))}
