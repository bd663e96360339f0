"""What can be wrong with an answer: one change each, drawn from a seed.

Every change breaks the answer's form. A well-formed lie (another boolean, another user's flags
under the right id) is no bad answer: nobody could tell it from the truth.
"""

import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

HTML = b"<html><head><title>Maintenance</title></head><body><p>We are down.</p></body></html>"
OTHER_IDS = ("005000000000999AAA", "001000000000001AAA", "no id", "", "005")
WRONG_VALUES: tuple[Any, ...] = (None, 17, -1, 1.5, "", "x", "true", [], {}, [[]], {"a": {}})
DEEP = 200_000
LARGE = 10 * 1024 * 1024
TOO_LARGE = 33 * 1024 * 1024

Place = tuple[Any, Any]
"""A container of the answer, and the key or index in it."""


def mutate(body: bytes, seed: int) -> tuple[str, bytes]:
    """A broken form of an answer's body, and what was done to it, in words."""
    chance = random.Random(seed)
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if parsed is None or chance.random() < 0.25:
        name, change = chance.choice(_WHOLE)
        return name, change(body)
    if chance.random() < 0.02:
        return "ten megabytes more", _padded(parsed, LARGE)
    name, inside = chance.choice(_INSIDE)
    changed = copy.deepcopy(parsed)
    said = inside(chance, changed)
    if said is None:
        name, said, changed = "another shape", "the whole", chance.choice(WRONG_VALUES)
    return f"{name}: {said}", json.dumps(changed).encode()


def _padded(parsed: Any, size: int) -> bytes:
    padding = "x" * size
    if isinstance(parsed, dict):
        return json.dumps(parsed | {"padding": padding}).encode()
    return json.dumps([parsed, padding]).encode()


def _places(value: Any) -> Iterator[Place]:
    """Every key and index of an answer, its containers first."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield value, key
            yield from _places(inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield value, index
            yield from _places(inner)


def _one(chance: random.Random, places: list[Place]) -> Place | None:
    return chance.choice(places) if places else None


def _missing_key(chance: random.Random, body: Any) -> str | None:
    found = _one(chance, [p for p in _places(body) if isinstance(p[0], dict)])
    if found is None:
        return None
    del found[0][found[1]]
    return str(found[1])


def _wrong_type(chance: random.Random, body: Any) -> str | None:
    found = _one(chance, list(_places(body)))
    if found is None:
        return None
    before = found[0][found[1]]
    wrong = [v for v in WRONG_VALUES if type(v) is not type(before)]
    found[0][found[1]] = chance.choice(wrong)
    return f"{found[1]} becomes {found[0][found[1]]!r}"


def _wrong_length(chance: random.Random, body: Any) -> str | None:
    lists = [p[0][p[1]] for p in _places(body) if isinstance(p[0][p[1]], list)]
    lists = [one for one in [*lists, body] if isinstance(one, list) and one]
    if not lists:
        return None
    chosen = chance.choice(lists)
    if chance.random() < 0.5:
        chosen.pop(chance.randrange(len(chosen)))
        return "one item less"
    chosen.append(copy.deepcopy(chance.choice(chosen)))
    return "one item twice"


def _wrong_id(chance: random.Random, body: Any) -> str | None:
    ids = [
        p
        for p in _places(body)
        if str(p[1]).lower() in ("id", "referenceid", "user_id", "organization_id")
        and isinstance(p[0][p[1]], str)
    ]
    found = _one(chance, ids)
    if found is None:
        return None
    others = [p[0][p[1]] for p in ids if p[0][p[1]] != found[0][found[1]]]
    found[0][found[1]] = chance.choice([*OTHER_IDS, *others])
    return f"{found[1]} becomes {found[0][found[1]]!r}"


def _other_order(chance: random.Random, body: Any) -> str | None:
    lists = [p[0][p[1]] for p in _places(body) if isinstance(p[0][p[1]], list)]
    lists = [one for one in [*lists, body] if isinstance(one, list) and len(one) > 1]
    if not lists:
        return None
    chance.choice(lists).reverse()
    return "a list backwards"


_WHOLE: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("HTML", lambda _: HTML),
    ("cut in the middle", lambda body: body[: len(body) // 2]),
    ("cut at the end", lambda body: body[:-1]),
    ("nothing", lambda _: b""),
    ("null", lambda _: b"null"),
    ("deep nesting", lambda _: b"[" * DEEP + b"]" * DEEP),
    ("deep objects", lambda _: b'{"a":' * DEEP + b"1" + b"}" * DEEP),
    ("more than may be read", lambda _: b'"' + b"x" * TOO_LARGE + b'"'),
    ("no UTF-8", lambda body: b"\xff\xfe" + body),
    ("twice", lambda body: body + body),
    ("in a list", lambda body: b"[" + body + b"]"),
)
_INSIDE = (
    ("a key is missing", _missing_key),
    ("a key is missing", _missing_key),
    ("a wrong type", _wrong_type),
    ("a wrong type", _wrong_type),
    ("a wrong length", _wrong_length),
    ("a wrong id", _wrong_id),
    ("a wrong id", _wrong_id),
    ("another order", _other_order),
)
