"""What the checks found, by invariant."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

INVARIANTS: Mapping[str, str] = {
    "I1": "everybody holds what the rules say, by the order of what happened",
    "I2": "nobody is forgotten: unsettled is pending, parked with a reason, or in conflict",
    "I3": "only owned fields are written; requests only for a person who saw the record so",
    "I4": "the log has exactly the entries of the decisions, one living a user and rule",
    "I5": "twice is once: a second reconcile writes nothing",
    "I6": "what could not be read removed nothing",
    "I7": "every write has a history row that was there before it",
    "I8": "one org's trouble delays no other's users",
    "I9": "no secret is anywhere",
}


@dataclass
class Verdict:
    """Sentences about what is wrong by invariant, users by what befell them, and figures."""

    wrong: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in INVARIANTS})
    users: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    figures: Counter[str] = field(default_factory=Counter)

    def broken(self, invariant: str, sentence: str, user_id: str | None = None) -> None:
        """An invariant does not hold; whose account is to be printed."""
        self.wrong[invariant].append(sentence)
        if user_id is not None:
            self.users["wronged"].add(user_id)

    @property
    def sentences(self) -> list[str]:
        return [f"{name}: {said}" for name, wrong in self.wrong.items() for said in wrong]

    @property
    def invariants(self) -> dict[str, str]:
        return {name: "broken" if wrong else "held" for name, wrong in self.wrong.items()}


def listed(names: Iterable[str]) -> str:
    """Licenses for a sentence."""
    return ", ".join(sorted(names)) or "nothing"
