"""An independent judge: what really happened in the org, in order, and what must hold in the end.

It reads the rules for itself: nothing of `sync` decides here.
"""

from dataclasses import dataclass, field

CTI, FREEDOM, SCV, PBX, PCI = "CTI", "Freedom", "SCV", "PBX", "PCI"
BOTH = frozenset({FREEDOM, SCV})


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

    def asks(self, requested: frozenset[str]) -> None:
        """An admin sets the request."""
        self.requested = requested
        self.doubtful = self.doubtful or self.crossed
        if not requested >= BOTH:
            self.kept, self.crossed, self.doubtful = None, False, False
        elif self.kept is None:
            self.kept = self.held & BOTH

    def holds(self, held: frozenset[str], decided: frozenset[str] | None) -> None:
        """A worker's write arrives that was decided on the request `decided` (None: as before)."""
        self.held = held
        if self.kept is not None and decided is not None and not decided >= BOTH:
            self.crossed = True


@dataclass
class Judge:
    """All users as the judge follows them. The org has Service Cloud Voice, and no PCI."""

    users: dict[str, Judged] = field(default_factory=dict)

    def wrong(self, user_id: str, held: frozenset[str]) -> str | None:
        """What is wrong with what a user holds in the end; None if nothing is."""
        user = self.users[user_id]
        allowed = self._allowed(user)
        if held in allowed:
            return None
        return f"{user_id} holds {sorted(held)}, not {[sorted(a) for a in allowed]}: {user}"

    def _allowed(self, user: Judged) -> list[frozenset[str]]:
        if user.kept is None:
            return [effective(user.requested, frozenset())]
        sides = [user.kept]
        if user.doubtful:
            sides = [frozenset(), frozenset({FREEDOM}), frozenset({SCV}), BOTH]
        return [effective(user.requested, side) for side in sides]


def effective(requested: frozenset[str], kept: frozenset[str]) -> frozenset[str]:
    """The rules for active users of an org with SCV: Freedom brings CTI, CTI alone is refused."""
    sides = kept if requested >= BOTH else requested & BOTH
    result = (requested & {PBX}) | sides
    if FREEDOM in result:
        result |= {CTI}
    return frozenset(result)
