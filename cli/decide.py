"""The rules alone: one JSON case a line in, one decision a line out.

Made to be piped into and to be talked to: whatever has arrived is answered before more is waited
for.
"""

import sys
from typing import Annotated, BinaryIO, TypeVar

import orjson
import typer

from config.policies import DEFAULT_POLICY, load_policy
from sync.errors import SyncError
from sync.model import CATALOGUE, Decision, Flags, Licenses
from sync.policy import Policy
from sync.rules import Case, Rulebook
from sync.tables import mend

_CHUNK = 1 << 18
_MEMO_LIMIT = 1 << 16
_KEYS = (
    "policy",
    "on_conflict",
    "inactive",
    "features",
    "requested",
    "held",
    "unknown",
    "active",
    "in_recording_group",
)
_BITS = {name.value: name.bit for name in CATALOGUE}
_KINDS: dict[type, str] = {str: "text", bool: "true or false", list: "a list"}

_T = TypeVar("_T")


class BadCaseError(SyncError):
    """A line is no case that could be decided."""


def decide(
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="One JSON case a line in, one decision a line out.")
    ] = False,
) -> None:
    """Decide cases by the rules alone, without Salesforce or a database."""
    if not jsonl:
        raise typer.BadParameter("say --jsonl and pass one JSON case a line on standard input")
    if not answer_lines(sys.stdin.buffer, sys.stdout.buffer):
        raise typer.Exit(1)


def answer_lines(source: BinaryIO, target: BinaryIO) -> bool:
    """Answer every line of `source`; whether all of them could be decided."""
    decider = Decider()
    rest = b""
    # read1 waits for something, not for everything: a slow writer has its answer at once.
    while chunk := source.read1(_CHUNK):  # type: ignore[attr-defined]
        *lines, rest = (rest + chunk).split(b"\n")
        target.write(b"".join([decider.answer(line) for line in lines]))
        target.flush()
    if rest:
        target.write(decider.answer(rest))
        target.flush()
    return not decider.failed


class Decider:
    """Answers lines. Rulebooks and answers are kept, as most lines resemble an earlier one."""

    def __init__(self) -> None:
        self.failed = False
        self._policies: dict[str, Policy] = {}
        self._rulebooks: dict[tuple[object, ...], Rulebook] = {}
        self._answers: dict[bytes, bytes] = {}
        self._written: dict[int, tuple[Decision, bytes]] = {}

    def answer(self, line: bytes) -> bytes:
        """The answer to a line, with its own line end."""
        known = self._answers.get(line)
        if known is not None:
            return known
        try:
            answer = self._write(self._decide(line))
        except SyncError as error:
            self.failed = True
            return orjson.dumps({"error": " ".join(str(error).split())}) + b"\n"
        if len(self._answers) >= _MEMO_LIMIT:
            self._answers.clear()
        self._answers[line] = answer
        return answer

    def _decide(self, line: bytes) -> Decision:
        try:
            case = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise BadCaseError(f"This line is not JSON: {error}.") from None
        if type(case) is not dict:
            raise BadCaseError("This line is not a JSON object; write one in braces.")
        for key in case:
            if key not in _KEYS:
                raise BadCaseError(f"{key}: unknown key; remove it, or {mend(key, _KEYS)}")
        unknown = _licenses(case, "unknown")
        active = _value(case, "active", bool)
        return self._rulebook(case).decide(
            Case(
                Flags(_licenses(case, "requested"), unknown),
                Flags(_licenses(case, "held"), unknown),
                active is not False,
                _value(case, "in_recording_group", bool),
            )
        )

    def _rulebook(self, case: dict[str, object]) -> Rulebook:
        named = _value(case, "policy", str)
        name = DEFAULT_POLICY if named is None else named
        on_conflict = _value(case, "on_conflict", str)
        inactive = _value(case, "inactive", str)
        features = tuple(_words(case, "features"))
        key = (name, on_conflict, inactive, features)
        book = self._rulebooks.get(key)
        if book is None:
            if name not in self._policies:
                self._policies[name] = load_policy(name)
            policy = self._policies[name].with_options(on_conflict=on_conflict, inactive=inactive)
            book = self._rulebooks[key] = Rulebook(policy, features)
        return book

    def _write(self, decision: Decision) -> bytes:
        """The decision as JSON; one that is shared is written once."""
        known = self._written.get(id(decision))
        if known is not None and known[0] is decision:
            return known[1]
        if len(self._written) >= _MEMO_LIMIT:
            self._written.clear()
        written = orjson.dumps(as_json(decision)) + b"\n"
        self._written[id(decision)] = decision, written
        return written


def as_json(decision: Decision) -> dict[str, object]:
    """A decision as JSON; `effective` is null where nothing may be written."""
    return {
        "effective": None if decision.effective is None else decision.effective.names,
        "findings": [
            {
                "kind": finding.kind.value,
                "code": finding.code,
                "licenses": finding.licenses.names,
                "message": finding.message,
            }
            for finding in decision.findings
        ],
    }


def _value(case: dict[str, object], key: str, kind: type[_T]) -> _T | None:
    value = case.get(key)
    if value is None or type(value) is kind:
        return value
    raise BadCaseError(f"{key}: write {_KINDS[kind]}.")


def _words(case: dict[str, object], key: str) -> list[str]:
    words = _value(case, key, list) or []
    for word in words:
        if type(word) is not str:
            raise BadCaseError(f"{key}: write a list of names.")
    return words


def _licenses(case: dict[str, object], key: str) -> Licenses:
    bits = 0
    for word in _words(case, key):
        if word not in _BITS:
            raise BadCaseError(f'{key}: unknown license "{word}"; {mend(word, _BITS)}')
        bits |= _BITS[word]
    return Licenses(bits)
