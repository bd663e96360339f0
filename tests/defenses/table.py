"""The table of traps and defenses, as data, and as the page that people read."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TABLE = Path(__file__).parent / "traps.toml"
PAGE = ROOT / "docs" / "traps.md"

_HEAD = """\
# Traps

What comparable programs fell into, what keeps license-sync out of it, and the test that says so.
`make defenses` takes each defense out of a copy of the code and sees its tests fail. This page is
made of `tests/defenses/traps.toml` (`make defenses ARGS=--page`).

| trap | who was bitten | defense | test |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Defense:
    """A piece of text that stands once in its file, and what stands there without the defense."""

    what: str
    file: str
    out: str
    put: str
    tests: tuple[str, ...]

    def is_in(self, source: str) -> bool:
        """Whether the defense stands in its file, once, so that it can be taken out."""
        return source.count(self.out) == 1

    def taken_out(self, source: str) -> str:
        """The file without the defense."""
        return source.replace(self.out, self.put)


@dataclass(frozen=True)
class Trap:
    """One trap: with defenses, or with the reason why it needs none."""

    title: str
    bitten: str
    defenses: tuple[Defense, ...]
    why_not: str | None


def read_table(path: Path = TABLE) -> list[Trap]:
    """All traps, in the order of the file."""
    return [
        Trap(
            one["title"],
            one["bitten"],
            tuple(Defense(**d | {"tests": tuple(d["tests"])}) for d in one.get("defense", ())),
            one.get("why_not"),
        )
        for one in tomllib.loads(path.read_text())["trap"]
    ]


def page(traps: list[Trap]) -> str:
    """The table for people."""
    return _HEAD + "".join(line for trap in traps for line in _lines(trap))


def _lines(trap: Trap) -> list[str]:
    if trap.why_not is not None:
        return [f"| {trap.title} | {trap.bitten} | {trap.why_not} | – |\n"]
    first, *more = (f"{d.what} (`{d.file}`) | {_tests(d)} |\n" for d in trap.defenses)
    return [f"| {trap.title} | {trap.bitten} | {first}", *(f"| | | {line}" for line in more)]


def _tests(defense: Defense) -> str:
    return "<br>".join(f"`{test.removeprefix('tests/')}`" for test in defense.tests)
