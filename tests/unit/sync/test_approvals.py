"""What a person's decision lets go of one user."""

from dataclasses import replace

import pytest

from sync.approvals import approved_removals
from sync.model import INTERFACES, NONE, Licenses
from sync.ports.pending import Cause, PendingUser, Priority
from sync.ports.settling import UserContext
from sync.resolutions import CarryOut
from tests.fakes.bench import BOTH, PBX, RECORD, START, Bench
from tests.fakes.org import record


@pytest.mark.parametrize(
    ("licenses", "allowed"),
    [(BOTH, INTERFACES), (BOTH | PBX, INTERFACES | PBX), (PBX | RECORD, PBX | RECORD)],
    ids=["interfaces", "and more", "none of them"],
)
def test_a_decision_lets_the_interfaces_go_only_if_it_is_about_one(
    bench: Bench, licenses: Licenses, allowed: Licenses
) -> None:
    user = bench.conflict()
    (entry,) = bench.living(user)
    carried = CarryOut(replace(entry, licenses=licenses), requested=NONE)
    waiting = PendingUser(user, "ann", 1, Cause.RESOLUTION, Priority.LIVE, 0, START)
    assert approved_removals(waiting, record(), UserContext(), carried) == allowed
