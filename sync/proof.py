"""Proves of any policy what a decision must always be, by trying every combination.

The properties are stated from the policy's data, and what the vendor's page says for everyone is
stated here. No rule is called but through `decide`, so that the rules cannot vouch for themselves.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import combinations, product

from sync.model import EVERY, INTERFACES, Decision, Flags, License, Licenses
from sync.policy import HOLD, INACTIVE, Policy, conflict_options
from sync.proof_report import Counterexample, Proof, Property, Setting, names_of
from sync.rules import Case, Rulebook

SENTENCES = (
    "Sound: only what the org may have, with what belongs to it, never two that exclude each other",
    "Nothing from nowhere: all that is granted was requested, implied, or held and kept",
    "Stable: deciding again with held = effective gives the same",
    "Said: exactly one finding names each license that differs from its request",
    "Independent: an optional license changes no other",
    "Total: every combination has an answer",
)
EXAMPLES = 3

_SIZE = EVERY.bits + 1
_FREEDOM, _SCV = License.FREEDOM.bit, License.SCV.bit
_OPTIONAL = Licenses.of(License.PBX, License.CONTACT_CENTER, License.RECORD, License.INSIGHT)
_HINTS = ("interface_without_pbx", "record_needs_group")

Progress = Callable[[int, int], None]


def prove(policy: Policy, progress: Progress | None = None) -> Proof:
    """Try every combination; `progress` is told how many of how many settings are done."""
    return prove_settings(policy, list(settings(policy)), progress)


def settings(policy: Policy) -> Iterator[Setting]:
    """Every setting: the optional features, the options, active or not, in a group or not."""
    optional = [name for name, default in policy.features if not default]
    features = [
        tuple(sorted(policy.features_of(chosen)))
        for count in range(len(optional) + 1)
        for chosen in combinations(optional, count)
    ]
    groups = (None, False) if any(h.without is None for h in policy.hints) else (None,)
    options = product(conflict_options(policy.exclusive), INACTIVE)
    for group, active, (on_conflict, inactive), names in product(
        groups, (True, False), list(options), features
    ):
        yield Setting(names, on_conflict, inactive, active, group)


def prove_settings(
    policy: Policy,
    chosen: Iterable[Setting],
    progress: Progress | None = None,
    *,
    vendor: bool = True,
) -> Proof:
    """Try every request and every held set under each of the chosen settings.

    Without `vendor`, only what the policy says itself has to hold, not what the page says of all.
    """
    todo = list(chosen)
    properties = [Property(n, sentence) for n, sentence in enumerate(SENTENCES, 1)]
    proof = Proof(policy.version, len(todo) * _SIZE * _SIZE, properties)
    books: dict[tuple[object, ...], Rulebook] = {}
    for done, setting in enumerate(todo, 1):
        key = setting[:3]
        if key not in books:
            changed = policy.with_options(
                on_conflict=setting.on_conflict, inactive=setting.inactive
            )
            books[key] = Rulebook(changed, setting.features)
        _Trial(policy, setting, books[key], vendor).run(proof)
        if progress:
            progress(done, len(todo))
    return proof


class _Trial:
    """Every request and every held set under one setting."""

    def __init__(self, policy: Policy, setting: Setting, book: Rulebook, vendor: bool) -> None:
        self.setting = setting
        self.answers = _answers(book, setting)
        self.effective = [_bits(answer) for answer in self.answers]
        self.implied = _implied(policy)
        belongings = list(_belongings(policy, setting, vendor))
        self.unsound = [_unsound(policy, setting, belongings, n) for n in range(_SIZE)]
        self.pairs = {_FREEDOM | _SCV} if vendor else set()
        self.swaps: list[tuple[int, int]] = []
        if policy.exclusive:
            self.pairs.add(policy.exclusive.pair.bits)
            self.swaps = _swaps(policy, setting)
        self.independent = [name.bit for name in _independent(policy, vendor)]
        self.named: dict[int, tuple[int, int]] = {}

    def run(self, proof: Proof) -> None:
        """Check each property for each combination, and book what fails."""
        checks = (self.sound, self.from_nowhere, self.stable, self.said, self.independence)
        total = proof.properties[-1]
        for index, got in enumerate(self.effective):
            requested, held = divmod(index, _SIZE)
            if got < 0:
                self._book(total, requested, held, "nothing was decided")
                continue
            for prop, check in zip(proof.properties, checks, strict=False):
                what = check(requested, held, got)
                if what:
                    self._book(prop, requested, held, what)
        for prop in proof.properties:
            prop.checked += len(self.effective)

    def sound(self, requested: int, held: int, got: int) -> str | None:
        """1. Row 7 is the exception: both were held and are requested, and a person decides."""
        if self.unsound[got]:
            return self.unsound[got]
        for pair in self.pairs:
            if got & pair == pair and not self._both_held(requested, held, pair):
                return f"{names_of(Licenses(pair))} exclude each other"
        return None

    def _both_held(self, requested: int, held: int, pair: int) -> bool:
        answer = self.answers[requested * _SIZE + held]
        waits = answer is not None and bool(answer.conflicts)
        return waits and requested & held & pair == pair and self.setting.on_conflict == HOLD

    def from_nowhere(self, requested: int, held: int, got: int) -> str | None:
        """2. Requested, implied by what is granted, or held and kept for a swap."""
        unasked = got & ~requested & ~self.implied[got]
        if unasked and self.setting.active:
            for kept, swapped_for in self.swaps:
                if held & kept and requested & swapped_for:
                    unasked &= ~kept
        if unasked:
            return f"nothing brings {names_of(Licenses(unasked))}"
        if not self.setting.active:
            gained = got & ~held & ~self.implied[got & held]
            return f"an inactive user gains {names_of(Licenses(gained))}" if gained else None
        return None

    def stable(self, requested: int, _held: int, got: int) -> str | None:
        """3. Deciding again with held = effective gives the same."""
        again = self.effective[requested * _SIZE + got]
        if again == got:
            return None
        second = "no answer" if again < 0 else names_of(Licenses(again))
        return f"deciding again with that as held gives {second}"

    def said(self, requested: int, held: int, got: int) -> str | None:
        """4. Exactly one finding names each license that differs, hints not counted."""
        once, twice = self._named(self.answers[requested * _SIZE + held])
        differs = got ^ requested
        if differs & ~once:
            return f"nothing is said about {names_of(Licenses(differs & ~once))}"
        if differs & twice:
            return f"more than one finding names {names_of(Licenses(differs & twice))}"
        return None

    def independence(self, requested: int, held: int, got: int) -> str | None:
        """5. Taking an optional license out of the request or out of what is held."""
        for bit in self.independent:
            without = got
            if requested & bit:
                without = self.effective[(requested ^ bit) * _SIZE + held]
            changed = (got ^ without) & ~bit
            if held & bit:
                changed |= (got ^ self.effective[requested * _SIZE + (held ^ bit)]) & ~bit
            if changed:
                return (
                    f"{names_of(Licenses(bit))} changes {names_of(Licenses(changed & _SIZE - 1))}"
                )
        return None

    def _named(self, answer: Decision | None) -> tuple[int, int]:
        known = self.named.get(id(answer))
        if known is None and answer is not None:
            once = twice = 0
            for finding in answer.findings:
                if finding.code not in _HINTS and finding.message:
                    twice |= once & finding.licenses.bits
                    once |= finding.licenses.bits
            known = self.named[id(answer)] = once, twice
        return known or (0, 0)

    def _book(self, prop: Property, requested: int, held: int, what: str) -> None:
        prop.failures += 1
        if len(prop.counterexamples) < EXAMPLES:
            got = self.effective[requested * _SIZE + held]
            effective = None if got < 0 else Licenses(got)
            prop.counterexamples.append(
                Counterexample(self.setting, Licenses(requested), Licenses(held), effective, what)
            )


def _answers(book: Rulebook, setting: Setting) -> list[Decision | None]:
    return [_answer(book, case) for case in _cases(setting.active, setting.in_recording_group)]


def _answer(book: Rulebook, case: Case) -> Decision | None:
    try:
        return book.decide(case)
    except Exception:  # noqa: BLE001 (whatever it is, there is no answer: property 6)
        return None


def _bits(answer: Decision | None) -> int:
    return -1 if answer is None or answer.effective is None else answer.effective.bits


@lru_cache(maxsize=1)
def _cases(active: bool, in_recording_group: bool | None) -> list[Case]:
    flags = [Flags(Licenses(bits)) for bits in range(_SIZE)]
    return [
        Case(requested, held, active, in_recording_group) for requested in flags for held in flags
    ]


def _implied(policy: Policy) -> list[int]:
    """For each set, what comes with its licenses at any remove."""
    direct = {i.license.bit: i.others.bits for i in policy.implies}

    def grown(bits: int) -> int:
        more = 0
        for bit, others in direct.items():
            more |= others if bits & bit else 0
        return more if more | bits == bits else more | grown(bits | more)

    return [grown(bits) for bits in range(_SIZE)]


def _unsound(
    policy: Policy, setting: Setting, belongings: list[tuple[License, License]], bits: int
) -> str | None:
    """What is wrong with granting this set to anyone, were it not for exclusions."""
    granted = Licenses(bits)
    missing = [(n.license, n.feature) for n in policy.needs if n.feature not in setting.features]
    for name, feature in missing:
        if name in granted:
            return f"the org may not have {name}, for want of the feature {feature}"
    for name, other in belongings:
        if name in granted and other not in granted:
            return f"{name} is granted without {other}"
    return None


def _belongings(
    policy: Policy, setting: Setting, vendor: bool
) -> Iterator[tuple[License, License]]:
    """Pairs of which the first may not be granted without the second."""
    if vendor:
        yield License.FREEDOM, License.CTI
    if vendor and "cti_only" not in setting.features:
        yield License.CTI, License.FREEDOM
    for implication in policy.implies:
        for other in implication.others:
            yield implication.license, other
    for requirement in policy.requires:
        if requirement.unless not in setting.features:
            yield requirement.license, requirement.other


def _swaps(policy: Policy, setting: Setting) -> list[tuple[int, int]]:
    """What may be kept without a request, and what has to be requested and not to be had."""
    if not policy.exclusive:
        return []
    barred = Licenses.union(n.license for n in policy.needs if n.feature not in setting.features)
    pair, keep = policy.exclusive.pair, policy.exclusive.keep_for_swap
    return [(kept.bit, other.bit) for kept in keep for other in pair & barred if other is not kept]


def _independent(policy: Policy, vendor: bool) -> Iterator[License]:
    """What the vendor's page calls optional, and whatever else no rule relates to another."""
    related = policy.exclusive.pair if policy.exclusive else Licenses()
    for implication in policy.implies:
        related |= implication.others | Licenses.of(implication.license)
    for requirement in policy.requires:
        related |= Licenses.of(requirement.license, requirement.other)
    if vendor:
        related = (related | INTERFACES) - _OPTIONAL
    return iter(EVERY - related)
