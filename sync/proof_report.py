"""What a proof found: each property, how often it was tried, and where it does not hold."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sync.model import Licenses


class Setting(NamedTuple):
    """Everything a decision depends on besides the flags of the record."""

    features: tuple[str, ...]
    on_conflict: str
    inactive: str
    active: bool
    in_recording_group: bool | None


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A combination for which a property does not hold, and what happens instead."""

    setting: Setting
    requested: Licenses
    held: Licenses
    effective: Licenses | None
    what: str

    @property
    def words(self) -> str:
        """The counterexample as a sentence."""
        user = "an active user" if self.setting.active else "an inactive user"
        features = ", ".join(self.setting.features) or "none"
        got = "no answer" if self.effective is None else names_of(self.effective)
        return (
            f"{user} who requests {names_of(self.requested)} and holds {names_of(self.held)} "
            f"(features: {features}; on_conflict: {self.setting.on_conflict}; "
            f"inactive: {self.setting.inactive}) gets {got}: {self.what}"
        )


@dataclass(slots=True)
class Property:
    """How one of the six properties fared."""

    number: int
    sentence: str
    checked: int = 0
    failures: int = 0
    counterexamples: list[Counterexample] = field(default_factory=list)


@dataclass(slots=True)
class Proof:
    """What trying every combination showed."""

    policy: str
    combinations: int
    properties: list[Property]

    @property
    def holds(self) -> bool:
        """Whether every property holds for every combination."""
        return not any(one.failures for one in self.properties)


def names_of(licenses: Licenses) -> str:
    """Licenses in a sentence."""
    return ", ".join(licenses.names) or "nothing"
