"""An independent judge: what really happened in the org, in order, and what must hold in the end.

It reads the rules for itself: nothing of `sync` decides here.
"""

from dataclasses import dataclass, field

CTI, FREEDOM, SCV, PBX, PCI = "CTI", "Freedom", "SCV", "PBX", "PCI"
BOTH = frozenset({FREEDOM, SCV})
LETTERS = {"C": CTI, "F": FREEDOM, "S": SCV, "B": PBX, "P": PCI}
"""How a record names what it was decided on."""


@dataclass
class Judged:
    """One user as the judge follows it. `held` does not count writes that came late."""

    requested: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    active: bool = True
    kept: frozenset[str] | None = None
    """What was held when both sides came to be requested; None while they are not."""
    doubtful: bool = False
    """Whether a write came before or after an edit is known to nobody but the judge."""
    crossed: bool = False
    """A write decided on an older request arrived while both sides are requested."""

    blurred: bool = False
    """A clock jumped between a write and the look that follows: times do not tell its order."""

    episode: int = 0
    """How often both sides came to be requested."""
    by_hand: bool = False
    """A hand moved what is held in a conflict, and no write has put it right yet."""

    def blurs(self) -> None:
        """A clock jumps in that while."""
        self.blurred = True
        self.doubtful = self.doubtful or self.kept is not None

    def is_overwritten(self) -> None:
        """By a write that came late: what it says it was decided on hides one that crossed."""
        self.doubtful = self.doubtful or self.crossed

    def asks(self, requested: frozenset[str]) -> None:
        """An admin sets the request."""
        self.requested = requested
        self.doubtful = self.doubtful or self.crossed
        if not requested >= BOTH:
            self.kept, self.crossed, self.doubtful = None, False, False
        elif self.kept is None:
            self.kept = self.held & BOTH
            self.episode += 1
            self.doubtful = self.blurred or self.by_hand

    def holds(self, held: frozenset[str], decided: frozenset[str] | None) -> None:
        """A worker's write arrives that was decided on the request `decided` (None: as before)."""
        self.held, self.by_hand = held, False
        if self.kept is not None and decided is not None and not decided >= BOTH:
            self.crossed = True


@dataclass
class Judge:
    """All users as the judge follows them. The org has Service Cloud Voice, and no PCI."""

    users: dict[str, Judged] = field(default_factory=dict)

    def wrong(
        self, user_id: str, held: frozenset[str], status: str | None, decided: str | None
    ) -> str | None:
        """What is wrong with what a user's record holds and says in the end; None: nothing."""
        user = self.users[user_id]
        allowed = self._allowed(user)
        if held not in allowed:
            return f"{user_id} holds {sorted(held)}, not {[sorted(a) for a in allowed]}: {user}"
        says = status, frozenset(LETTERS[letter] for letter in (decided or "").strip("-"))
        if says != (said(user.requested), user.requested):
            return f"{user_id} says {says}: {user}"
        return None

    def _allowed(self, user: Judged) -> list[frozenset[str]]:
        if user.kept is None:
            return [effective(user.requested, frozenset())]
        sides = [user.kept]
        if user.doubtful:
            sides = [frozenset(), frozenset({FREEDOM}), frozenset({SCV}), BOTH]
        return [effective(user.requested, side) for side in sides]


def said(requested: frozenset[str]) -> str:
    """The status: the org has no PCI, and CTI alone is nothing to have."""
    if requested >= BOTH:
        return "Conflict"
    alone = CTI in requested and FREEDOM not in requested
    return "Corrected" if alone or PCI in requested else "In sync"


def effective(requested: frozenset[str], kept: frozenset[str]) -> frozenset[str]:
    """The rules for active users of an org with SCV: Freedom brings CTI, CTI alone is refused."""
    sides = kept if requested >= BOTH else requested & BOTH
    result = (requested & {PBX}) | sides
    if FREEDOM in result:
        result |= {CTI}
    return frozenset(result)
