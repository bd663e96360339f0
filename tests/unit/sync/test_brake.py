"""How much is too much, and what waits then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.brake import (
    BRAKED,
    Removal,
    Tally,
    beyond,
    braked_reason,
    braked_target,
    tally,
)
from sync.intake import case_of
from sync.model import INTERFACES, NONE, Licenses
from sync.ports.brake import Limits
from sync.ports.pending import Cause, Priority
from tests.fakes.bench import BOTH, CTI, FREEDOM, ORG, PBX, RECORD, SCV, Bench, memory_bench
from tests.fakes.org import refusal

sets = st.builds(Licenses, st.integers(0, 255))


def test_removals_are_counted_by_license_and_by_user() -> None:
    removals = [Removal("a", PBX | CTI, True), Removal("b", PBX, True), Removal("a", SCV, True)]
    assert tally(removals) == Tally(licenses=4, users=2)


def test_a_write_without_an_answer_that_is_made_again_counts_once() -> None:
    unsure, sure = Removal("a", PBX, False), Removal("a", PBX | CTI, True)
    assert tally([unsure, unsure, sure]).licenses == 2
    assert tally([sure, sure]).licenses == 4, "given back in between"


@pytest.mark.parametrize(
    ("counted", "holders", "is_too_much"),
    [
        (Tally(200, 150), None, False),
        (Tally(201, 150), None, True),
        (Tally(21, 11), 100, True),
        (Tally(21, 10), 100, False),
        (Tally(20, 20), 20, False),
        (Tally(21, 1), 0, True),
        (Tally(200, 200), None, False),
    ],
)
def test_what_is_too_much(counted: Tally, holders: int | None, is_too_much: bool) -> None:
    assert (beyond(Limits(), counted, holders) is not None) == is_too_much


def test_limits_that_are_turned_off() -> None:
    off = Limits(licenses=0, share=0.0)
    assert beyond(off, Tally(9999, 9999), 10) is None
    assert beyond(Limits(licenses=0), Tally(9999, 99), 1000) is None


def test_the_reason_says_how_much_and_what_the_limit_is() -> None:
    assert beyond(Limits(), Tally(250, 240), None) == (
        "Within 60 minutes 250 licenses of 240 users would have been removed, "
        "more than 200 licenses."
    )


def test_interfaces_wait_together_and_the_rest_goes_on() -> None:
    held, target = SCV | PBX, FREEDOM | CTI | PBX | RECORD
    assert braked_target(held, target, NONE) == SCV | PBX | RECORD


def test_interfaces_that_remove_nothing_are_granted() -> None:
    assert braked_target(PBX, FREEDOM | CTI, NONE) == FREEDOM | CTI | PBX


def test_an_approved_swap_moves_whole() -> None:
    assert braked_target(SCV | PBX, FREEDOM | CTI, SCV) == FREEDOM | CTI | PBX


@given(sets, sets, sets)
def test_nothing_unapproved_is_removed(held: Licenses, target: Licenses, ok: Licenses) -> None:
    result = braked_target(held, target, ok)
    assert not held - result - ok
    assert result - held - target == NONE, "nothing is granted that was not to be"
    assert not (held - result) & target, "nothing is removed that was to stay"
    assert result & INTERFACES in (held & INTERFACES, target & INTERFACES)


@given(sets, sets)
def test_without_removals_the_brake_changes_nothing(held: Licenses, more: Licenses) -> None:
    assert braked_target(held, held | more, NONE) == held | more


def test_the_sentence_says_what_stays_and_where_to_go() -> None:
    assert braked_reason(FREEDOM | CTI).startswith("CTI and Freedom stay for now: ")
    assert "PBX stays" in braked_reason(PBX)
    assert "license-sync brake list" in braked_reason(PBX)


# --- what settle makes of it -----------------------------------------------------------------

THREE = Limits(licenses=3, share=0.0)


def users_of(bench: Bench, count: int, held: Licenses = PBX) -> list[str]:
    """Users who hold what they request."""
    users = [bench.user(n, requested=held, held=held) for n in range(100, 100 + count)]
    bench.quiet()
    bench.org.tick(5)
    return users


def unask(bench: Bench, users: list[str], requested: Licenses = NONE) -> None:
    """Somebody empties the requests."""
    for user in users:
        bench.org.request(user, requested)


def test_a_few_removals_go_through(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 3)
    unask(bench, users)
    bench.quiet()
    assert [bench.held(user) for user in users] == [NONE] * 3
    assert bench.store.brakes() == []


def test_too_many_wait_parked_with_the_reason_on_the_record(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4)
    unask(bench, users, RECORD)
    bench.quiet()
    assert [bench.held(user) for user in users] == [PBX | RECORD] * 4, "grants go on"
    assert {(p.user_id, p.code) for p in bench.parked()} == {(user, BRAKED) for user in users}
    assert bench.status(users[0]) == "Failed"
    assert "until an administrator approves" in (bench.org.users[users[0]].message or "")
    (brake,) = bench.store.brakes()
    assert (brake.users, brake.licenses) == (4, 4)
    assert [held.removed for held in bench.store.held_removals(ORG)] == [PBX] * 4


def test_what_waits_costs_no_writes(bench: Bench) -> None:
    bench.limits = THREE
    unask(bench, users_of(bench, 4))
    bench.quiet()
    written = len(bench.org.written)
    bench.org.tick(30)
    assert bench.poll() == 0
    bench.quiet()
    assert len(bench.org.written) == written


def test_a_swap_waits_whole(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4, SCV)
    unask(bench, users, FREEDOM)
    bench.quiet()
    assert [bench.held(user) for user in users] == [SCV] * 4


def test_a_release_carries_out_all_of_it_and_trips_nothing(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 8)
    unask(bench, users)
    bench.quiet()
    assert bench.store.release_brake(ORG, "ada") == 8
    bench.quiet()
    assert [bench.held(user) for user in users] == [NONE] * 8
    assert (bench.store.brakes(), bench.parked()) == ([], [])
    row = bench.history(users[0])[0]
    assert (row.intent.cause, row.intent.actor, row.intent.unapproved) == (
        Cause.APPROVAL,
        "ada",
        NONE,
    )
    assert bench.status(users[0]) == "In sync"


def test_who_asks_again_meanwhile_keeps_it(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4)
    unask(bench, users)
    bench.quiet()
    bench.org.tick(5)
    bench.org.request(users[0], PBX)
    bench.quiet()
    assert bench.status(users[0]) == "In sync"
    assert bench.store.release_brake(ORG, "ada") == 3
    bench.quiet()
    assert bench.held(users[0]) == PBX


def test_a_refused_write_after_a_release_is_made_again(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4)
    unask(bench, users)
    bench.quiet()
    bench.org.refuse[users[0]] = refusal()
    bench.store.release_brake(ORG, "ada")
    bench.quiet()
    bench.org.refuse.clear()
    bench.store.retry_parked(ORG, [], "ada")
    bench.quiet()
    assert bench.held(users[0]) == NONE


def test_a_brake_pulled_by_hand_keeps_what_was_let_go_before(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4)
    unask(bench, users)
    bench.quiet()
    bench.org.refuse[users[0]] = refusal()
    bench.store.release_brake(ORG, "ada")
    bench.quiet()
    bench.store.hold_removals(ORG, "bob", "wait")
    bench.org.refuse.clear()
    bench.store.retry_parked(ORG, [], "ada")
    bench.quiet()
    assert bench.held(users[0]) == PBX
    assert [held.user_id for held in bench.store.held_removals(ORG)] == [users[0]]


def test_who_waits_for_a_release_waits_for_the_next_if_the_brake_is_pulled(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4)
    unask(bench, users)
    bench.quiet()
    bench.store.release_brake(ORG, "ada")
    bench.store.hold_removals(ORG, "bob", "wait")
    bench.quiet()
    assert [bench.held(user) for user in users] == [PBX] * 4
    assert bench.store.release_brake(ORG, "ada") == 4
    bench.quiet()
    assert [bench.held(user) for user in users] == [NONE] * 4


def test_a_persons_decision_passes_a_brake_that_holds(bench: Bench) -> None:
    user = bench.conflict(held=SCV)
    bench.store.hold_removals(ORG, "ada", "wait")
    bench.org.tick(5)
    bench.resolve(user, keep=FREEDOM)
    bench.quiet()
    assert bench.held(user) == FREEDOM | CTI
    assert bench.parked() == []


def test_a_decision_lets_go_only_what_it_is_about(bench: Bench) -> None:
    user = bench.user(requested=SCV | PBX)
    bench.quiet()
    bench.store.hold_removals(ORG, "ada", "wait")
    bench.org.tick(5)
    bench.org.request(user, BOTH)
    bench.quiet()
    bench.org.tick(5)
    bench.resolve(user, keep=FREEDOM)
    bench.quiet()
    assert bench.held(user) == FREEDOM | CTI | PBX
    assert [p.code for p in bench.parked()] == [BRAKED]


def test_decisions_are_not_counted(bench: Bench) -> None:
    bench.limits = Limits(licenses=1, share=0.0)
    users = [bench.user(n, requested=SCV) for n in range(1, 5)]
    bench.quiet()
    bench.org.tick(5)
    unask(bench, users, BOTH)
    bench.quiet()
    bench.org.tick(5)
    for user in users:
        bench.resolve(user, keep=FREEDOM)
    bench.quiet()
    assert [bench.held(user) for user in users] == [FREEDOM | CTI] * 4
    assert bench.store.brakes() == []


def test_naming_a_user_to_be_tried_again_is_no_approval(bench: Bench) -> None:
    bench.limits = THREE
    users = users_of(bench, 4)
    unask(bench, users)
    bench.quiet()
    bench.store.retry_parked(ORG, users, "ada")
    bench.quiet()
    assert [bench.held(user) for user in users] == [PBX] * 4


def test_an_inactive_user_waits_like_everybody(bench: Bench) -> None:
    bench.store.hold_removals(ORG, "ada", "wait")
    user = bench.user(requested=FREEDOM, held=FREEDOM | CTI)
    bench.org.edit(user, active=False)
    bench.quiet()
    assert bench.held(user) == FREEDOM | CTI


requests = st.sampled_from([NONE, PBX, FREEDOM, SCV, FREEDOM | PBX, SCV | RECORD, BOTH, CTI])
steps = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 5), requests),
        st.sampled_from(["settle", "settle one", "poll", "wait", "lose an answer"]),
    ),
    max_size=30,
)


class Played:
    """Edits and batches, and what was taken from users as the records show it."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.users = [
            bench.user(n, requested=FREEDOM | PBX, held=FREEDOM | CTI | PBX) for n in range(6)
        ]
        self.removed = 0

    def play(self, step: object) -> None:
        bench = self.bench
        bench.org.tick(3)
        before = {user: bench.held(user) for user in self.users}
        if isinstance(step, tuple):
            bench.org.request(self.users[step[0]], step[1])
        elif step == "poll":
            bench.poll()
        elif step == "wait":
            bench.org.tick(600)
        elif step == "lose an answer":
            bench.org.lose_answers = True
            bench.batch()
            bench.org.lose_answers = False
        else:
            limit = 1 if step == "settle one" else 2000
            bench.settler().settle("approved", Priority.LIVE, limit)
        self.removed += sum(len(held - bench.held(user)) for user, held in before.items())

    def wrong(self) -> list[str]:
        """Users who do not hold what the rules say."""
        bench = self.bench
        found = bench.store.living_entries(ORG, self.users)
        cases = {u: case_of(bench.org.users[u], found.get(u, ())) for u in self.users}
        return [u for u, c in cases.items() if bench.rulebook.decide(c).effective != c.held.on]


@given(steps)
def test_no_order_removes_more_than_the_limit_and_all_end_right_after_a_release(
    script: list[object],
) -> None:
    with memory_bench() as bench:
        bench.limits = Limits(licenses=4, share=0.0, minutes=24 * 60)
        played = Played(bench)
        bench.quiet()
        for step in script:
            played.play(step)
            assert played.removed <= 4
        bench.org.tick(600)
        bench.quiet()
        braked = {p.user_id for p in bench.parked() if p.code == BRAKED}
        assert braked == {held.user_id for held in bench.store.held_removals(ORG)}
        assert set(played.wrong()) <= braked, "withheld and not to be seen"
        while bench.store.brakes():
            bench.store.release_brake(ORG, "ada")
            bench.org.tick(5)
            bench.quiet()
        assert (played.wrong(), bench.parked()) == ([], [])
