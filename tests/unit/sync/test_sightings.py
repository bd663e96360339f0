"""What listings are told after a batch, a scan or a run, and that nothing hangs on it."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from sync.errors import Remedy
from sync.model import NONE, Flags, License
from sync.ports.browse import KnownUser
from sync.ports.runs import RunKind
from sync.ports.salesforce import RecordWrite
from sync.reconcile import Reconciler
from sync.sightings import as_written
from tests.fakes.bench import CTI, FINGERPRINT, FREEDOM, ORG, PBX, SCV, Bench
from tests.fakes.org import record, refusal


def known(bench: Bench, user: str) -> KnownUser | None:
    return bench.store.known_user(ORG, user)


def test_what_a_write_leaves_alone_stays() -> None:
    before = replace(record(held=PBX), status="In sync", message="a", decided="B")
    assert as_written(before, RecordWrite(before.user_id)) == before


def test_what_a_write_sets_is_set_and_known_from_then_on() -> None:
    before = replace(record(), held=Flags(PBX | SCV, CTI), requested=Flags(FREEDOM, SCV))
    after = as_written(
        before,
        RecordWrite(
            before.user_id,
            effective={License.CTI: True, License.SCV: False},
            status="Corrected",
            message="",
            decided="F",
            requested={License.FREEDOM: False},
        ),
    )
    assert after.held == Flags(PBX | CTI, NONE)
    assert after.requested == Flags(NONE, SCV)
    assert (after.status, after.message, after.decided) == ("Corrected", None, "F")


def test_a_written_user_is_known_as_it_was_written(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.settle(user)
    found = known(bench, user)
    assert found is not None
    stands = bench.org.users[user]
    stamps = {"modstamp": stands.modstamp, "modified_at": stands.modified_at}
    assert replace(found.record, **stamps, modified_by=stands.modified_by) == stands


@pytest.mark.parametrize("lose", [True, False], ids=["an answer is lost", "it is refused"])
def test_a_write_that_is_not_sure_leaves_the_user_as_it_was_read(bench: Bench, lose: bool) -> None:
    user = bench.user(requested=FREEDOM, held=PBX)
    bench.org.lose_answers = lose
    if not lose:
        bench.org.refuse[user] = refusal(remedy=Remedy.PARK)
    bench.settle(user)
    found = known(bench, user)
    assert found is not None
    assert found.record.held == Flags(PBX)


def test_who_is_deleted_or_out_of_scope_is_forgotten(bench: Bench) -> None:
    gone, outside, stays = (bench.user(number) for number in (1, 2, 3))
    bench.quiet()
    assert known(bench, gone)
    bench.notice(gone, outside, stays)
    bench.org.hidden.add(gone)
    bench.org.deleted.add(gone)
    bench.org.outside.add(outside)
    bench.batch()
    assert [known(bench, user) is not None for user in (gone, outside, stays)] == [
        False,
        False,
        True,
    ]


def test_who_cannot_be_read_just_now_is_not_forgotten(bench: Bench) -> None:
    user = bench.user()
    bench.quiet()
    bench.notice(user)
    bench.org.hidden.add(user)
    bench.batch()
    assert known(bench, user)


def test_polls_and_runs_remember_whom_they_read(bench: Bench) -> None:
    first = bench.user(1)
    bench.poll()
    second = bench.user(2)
    made = Reconciler(
        ORG, bench.store, bench.store, bench.org, bench.rulebook, FINGERPRINT, lambda: 0.0
    )
    assert [known(bench, user) is not None for user in (first, second)] == [True, False]
    made.carry_out(bench.store.create_run(ORG, RunKind.PLAN, FINGERPRINT, "ada"))
    found = known(bench, second)
    assert found is not None
    assert found.record == bench.org.users[second]


def test_without_what_is_known_everything_goes_on(bench: Bench) -> None:
    with bench.store.engine.begin() as connection:
        connection.execute(text("DROP TABLE known_user"))
    user = bench.user(requested=FREEDOM)
    bench.quiet()
    assert bench.held(user) == FREEDOM | CTI
    bench.notice(user)
    bench.org.hidden.add(user)
    bench.org.deleted.add(user)
    bench.batch()
    assert bench.batch() is None
