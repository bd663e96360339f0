"""How much is too much, and what waits then."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.brake import Removal, Tally, beyond, braked_reason, braked_target, tally
from sync.model import INTERFACES, NONE, Licenses
from sync.ports.brake import Limits
from tests.fakes.bench import CTI, FREEDOM, PBX, RECORD, SCV

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
