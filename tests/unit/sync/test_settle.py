"""What one batch does to records, log, history and pending rows, in calm and in trouble."""

import pytest

from sync.errors import LeaseLost, Remedy
from sync.model import NONE, Licenses
from sync.outcomes import OUT_OF_SCOPE
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause, Notice, Priority
from sync.settle import Settler
from tests.fakes.bench import BOTH, CTI, FREEDOM, ORG, PBX, RECORD, SCV, Bench
from tests.fakes.org import ADMIN, call_failed, refusal


def test_freedom_brings_cti_and_the_record_says_so(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM | PBX)
    bench.settle(user)
    assert bench.held(user) == FREEDOM | CTI | PBX
    assert bench.status(user) == "In sync"
    assert bench.org.users[user].decided == "FB"
    assert bench.batch() is None


def test_a_settled_user_costs_a_read_and_no_write(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.quiet()
    bench.org.calls.clear()
    bench.settle(user)
    assert bench.org.calls == ["read"]


def test_interfaces_are_written_together_even_if_one_differs(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM, held=FREEDOM)
    bench.settle(user)
    (write,) = bench.org.written
    assert {name.value for name in write.effective} == {"CTI", "Freedom", "SCV"}


def test_only_what_differs_is_written(bench: Bench) -> None:
    user = bench.user(requested=PBX | RECORD, held=PBX)
    bench.settle(user)
    (write,) = bench.org.written
    assert {name.value for name in write.effective} == {"Record"}
    assert not write.requested


def test_a_refusal_is_said_on_the_record_and_in_the_log(bench: Bench) -> None:
    user = bench.user(requested=CTI)
    bench.settle(user)
    (entry,) = bench.living(user)
    assert (entry.kind, entry.code, bench.status(user)) == ("refusal", "needs_freedom", "Corrected")
    assert bench.held(user) == NONE


def test_an_unknown_flag_stops_every_write_to_the_record(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM, held=CTI)
    found = bench.org.users[user]
    bench.org.edit(user, held=type(found.held)(found.held.on, unknown=PBX))
    bench.settle(user)
    assert bench.org.written == []
    (entry,) = bench.living(user)
    assert (entry.code, entry.licenses) == ("unknown", PBX)
    assert bench.batch() is None, "it is settled: nothing is left to do before the field shows up"


def test_every_write_has_a_history_row_that_existed_before_it(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    rows: list[str] = []
    bench.org.before_write = lambda: rows.extend(r.outcome for r in bench.history(user))
    bench.settle(user)
    assert rows == ["intended"]
    (row,) = bench.history(user)
    assert row.outcome is HistoryOutcome.CONFIRMED
    assert (row.intent.held_before, row.intent.held_after) == (NONE, FREEDOM | CTI)
    assert row.intent.policy.startswith("natterbox-2022@")


def test_a_user_noticed_again_while_it_is_settled_stays_pending(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)

    def edit_meanwhile() -> None:
        bench.org.before_write = lambda: None
        bench.org.tick()
        bench.org.request(user, FREEDOM | PBX)
        bench.notice(user)

    bench.org.before_write = edit_meanwhile
    bench.settle(user)
    bench.batch()
    assert bench.held(user) == FREEDOM | CTI | PBX


def test_a_lost_answer_is_looked_at_again(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.org.lose_answers = True
    bench.settle(user)
    assert bench.batch() is None, "not at once"
    bench.org.lose_answers = False
    bench.org.tick(2)
    bench.batch()
    assert [r.outcome for r in bench.history(user)] == ["unknown"], "nothing was left to write"
    assert bench.held(user) == FREEDOM | CTI


def test_a_refused_write_parks_the_user_and_says_so_on_the_record(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    failure = refusal()
    bench.org.refuse[user] = failure
    bench.settle(user)
    (parked,) = bench.parked()
    assert (parked.code, parked.reason) == (failure.code, failure.message)
    assert [r.outcome for r in bench.history(user)] == ["refused", "refused"]
    bench.org.refuse.clear()
    bench.org.tick(5000)
    bench.batch()
    assert bench.held(user) == FREEDOM | CTI
    assert bench.parked() == []


def test_a_parked_users_record_says_failed_where_that_can_be_written(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.org.refuse[user] = refusal()
    calls = iter(["the license write", "the status write"])

    def refuse_only_the_first() -> None:
        if next(calls) == "the status write":
            bench.org.refuse.clear()

    bench.org.before_write = refuse_only_the_first
    bench.settle(user)
    assert bench.status(user) == "Failed"
    assert bench.org.users[user].message == refusal().message


def test_a_row_lock_is_retried_with_growing_waits_and_then_parked(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.org.refuse[user] = refusal("UNABLE_TO_LOCK_ROW", Remedy.RETRY)
    bench.settle(user)
    for wait in (1, 5, 30, 120, 300):
        assert bench.parked() == []
        assert bench.batch() is None
        bench.org.tick(wait)
        assert bench.batch() is not None
    (parked,) = bench.parked()
    assert parked.code == "UNABLE_TO_LOCK_ROW"


def test_one_refused_record_does_not_keep_the_others_from_being_settled(bench: Bench) -> None:
    bad, good = bench.user(1, requested=FREEDOM), bench.user(2, requested=FREEDOM)
    bench.org.refuse[bad] = refusal()
    bench.settle(bad, good)
    assert bench.held(good) == FREEDOM | CTI


def test_a_failed_read_gives_the_users_back_untried(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.org.fail = call_failed()
    report = bench.settle(user)
    assert report is not None
    assert report.stopped_by is not None
    bench.org.tick(10)
    bench.batch()
    assert bench.held(user) == FREEDOM | CTI


def test_a_write_call_that_stops_the_org_books_what_was_done(bench: Bench) -> None:
    users = [bench.user(number, requested=FREEDOM) for number in range(1, 400)]
    written_calls = iter([None, call_failed(Remedy.STOP_ORG)])

    def fail_second() -> None:
        failed = next(written_calls)
        if failed is not None:
            raise failed

    bench.org.before_write = fail_second
    report = bench.settle(*users)
    assert report is not None
    assert report.stopped_by is not None
    assert report.outcomes == {"settled": 200, "retry": 199}
    outcomes = {r.outcome for r in bench.store.history(ORG, limit=1000)}
    assert outcomes == {"confirmed", "not sent"}


def test_a_pause_in_mid_batch_stops_the_next_call_and_books_the_last(bench: Bench) -> None:
    users = [bench.user(number, requested=FREEDOM) for number in range(1, 400)]
    bench.org.before_write = lambda: bench.store.pause(ORG, "ada")
    report = bench.settle(*users)
    assert report is not None
    assert report.outcomes == {"settled": 200, "retry": 199}
    assert bench.batch() is None, "paused"
    bench.store.resume(ORG, "ada")
    bench.org.before_write = lambda: None
    bench.org.tick(2)
    bench.batch()
    assert all(bench.held(user) == FREEDOM | CTI for user in users)


def test_a_lost_lease_writes_and_books_nothing_more(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.notice(user)

    class Slow:
        """A reader that takes longer than the lease."""

        read_limit = 2000

        def read(self, ids: list[str]) -> object:
            bench.org.tick(40)
            return bench.org.read(ids)

    settler: Settler = bench.settler(reader=Slow())
    with pytest.raises(LeaseLost):
        settler.settle("approved", Priority.LIVE, 10)
    assert bench.org.written == []
    bench.batch()
    assert bench.held(user) == FREEDOM | CTI


def test_an_org_armed_otherwise_is_not_touched(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.notice(user)
    assert bench.settler().settle("another", Priority.LIVE, 10) is None
    assert bench.org.calls == []


def test_a_deleted_user_goes_and_its_entries_end(bench: Bench) -> None:
    user = bench.user(requested=CTI)
    bench.settle(user)
    bench.org.hidden.add(user)
    bench.org.deleted.add(user)
    bench.settle(user)
    assert bench.living(user) == []
    assert bench.store.waiting(ORG, user) is None


def test_a_user_outside_the_scope_is_not_written_and_its_entries_end(bench: Bench) -> None:
    user = bench.user(requested=CTI)
    bench.settle(user)
    bench.org.request(user, PBX)
    bench.org.outside.add(user)
    bench.org.written.clear()
    bench.settle(user)
    assert bench.org.written == []
    assert [e.how for e in bench.entries(user)] == [OUT_OF_SCOPE]
    assert bench.store.waiting(ORG, user) is None


def test_a_user_that_cannot_be_read_is_parked_not_forgotten(bench: Bench) -> None:
    user = bench.user(requested=CTI)
    bench.notice(user)
    bench.org.hidden.add(user)
    bench.batch()
    (parked,) = bench.parked()
    assert parked.code == "unreadable"


def test_a_license_held_back_stays_until_its_request_goes(bench: Bench) -> None:
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.batch()
    assert bench.held(user) == CTI
    assert bench.status(user) == "Failed"
    (parked,) = bench.parked()
    assert (parked.code, parked.hold) == ("held_back", CTI)
    bench.org.tick(5)
    bench.org.request(user, CTI | PBX)
    bench.quiet()
    assert bench.held(user) == CTI | PBX, "other edits are carried out"
    bench.org.request(user, PBX)
    bench.quiet()
    assert bench.held(user) == PBX
    assert bench.parked() == []


def test_what_is_held_back_goes_when_a_person_says_so(bench: Bench) -> None:
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.batch()
    bench.store.retry_parked(ORG, [user], "ada")
    bench.batch()
    assert bench.held(user) == NONE


def test_another_interface_granted_ends_what_is_held_back(bench: Bench) -> None:
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.batch()
    bench.org.tick(5)
    bench.org.request(user, CTI | SCV)
    bench.quiet()
    assert bench.held(user) == SCV


def test_the_actor_of_an_edit_is_in_the_history(bench: Bench) -> None:
    user = bench.user()
    bench.org.request(user, PBX)
    bench.quiet()
    (row,) = bench.history(user)
    assert (row.intent.cause, row.intent.actor) == (Cause.POLL, ADMIN)


def test_both_requested_grants_neither_and_the_rest(bench: Bench) -> None:
    user = bench.user(requested=BOTH | PBX)
    bench.settle(user)
    assert bench.held(user) == PBX
    assert bench.status(user) == "Conflict"
    (entry,) = bench.living(user)
    assert (entry.kept, entry.held, entry.requested) == (NONE, PBX, BOTH | PBX)


@pytest.mark.parametrize("held", [FREEDOM | CTI, SCV, NONE, BOTH | CTI])
def test_the_side_held_when_a_conflict_opens_is_kept_whatever_comes(
    bench: Bench, held: Licenses
) -> None:
    user = bench.user(requested=BOTH, held=held)
    bench.settle(user)
    assert bench.held(user) == held
    for hand in (FREEDOM | CTI, SCV, NONE, BOTH | CTI):
        bench.org.tick(3)
        bench.org.edit(user, held=type(bench.org.users[user].held)(hand))
        bench.quiet()
        assert bench.held(user) == held
    assert len(bench.entries(user)) == 1


def test_a_record_refused_for_the_orgs_sake_stops_the_org_and_parks_nobody(bench: Bench) -> None:
    users = [bench.user(number, requested=FREEDOM) for number in range(1, 400)]
    for user in users[:200]:
        bench.org.refuse[user] = refusal("INVALID_FIELD_FOR_INSERT_UPDATE", Remedy.STOP_ORG)
    report = bench.settle(*users)
    assert report is not None
    assert report.stopped_by is not None
    assert bench.org.calls.count("write") == 1
    assert bench.parked() == []
    bench.org.refuse.clear()
    bench.org.tick(2)
    bench.batch()
    assert all(bench.held(user) == FREEDOM | CTI for user in users)


def test_all_parked_users_tried_again_are_not_those_held_back(bench: Bench) -> None:
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.batch()
    assert bench.store.retry_parked(ORG, [], "ada") == 0
    bench.quiet()
    assert bench.held(user) == CTI


def test_what_is_held_back_is_settled_and_not_noticed_again(bench: Bench) -> None:
    user = bench.user(requested=CTI, held=CTI)
    bench.store.notice(ORG, [Notice(user, "u", Cause.ADOPT, Priority.LIVE, hold=CTI)])
    bench.batch()
    bench.org.tick(3)
    assert bench.poll() == 0
