"""What becomes of an org as a whole: armed by itself or by a person, in trouble and out again."""

from collections import Counter
from collections.abc import Iterator

import pytest

from sync.arming import Mode
from sync.errors import CallFailed, Failure, Remedy
from sync.model import NONE, Flags
from sync.org import SCHEMA_SECONDS, Org
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause, Notice, Priority
from sync.ports.runs import Run, RunKind, RunStatus
from sync.ports.salesforce import Page, Position
from sync.retrying import HICCUP_SECONDS, PROBLEM_SECONDS
from sync.rules import Rulebook
from sync.settle import BATCH_SECONDS
from tests.fakes.bench import CTI, FREEDOM, PBX, SCV, Bench
from tests.fakes.org import call_failed
from tests.unit.sync.fresh_org import NAME, fresh_bench, org_of, work

HOUR = 3
DAY = 86400


@pytest.fixture
def bench() -> Iterator[Bench]:
    with fresh_bench() as made:
        yield made


def mode(bench: Bench, org: Org) -> Mode:
    return org.mode(bench.store.state(NAME))


def test_an_org_whose_plan_removes_nothing_arms_itself(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    org = org_of(bench)
    work(bench, org)
    assert mode(bench, org) is Mode.ARMED
    assert bench.store.state(NAME).armed_by == "itself"
    assert bench.held(user) == FREEDOM | CTI


def test_an_org_whose_plan_removes_something_observes_for_ever(bench: Bench) -> None:
    user = bench.user(held=FREEDOM | CTI)
    org = org_of(bench)
    work(bench, org, rounds=20)
    assert mode(bench, org) is Mode.OBSERVING
    assert bench.org.written == []
    bench.org.request(user, PBX)
    work(bench, org, rounds=20)
    assert bench.org.written == []


def test_an_approval_arms_it_and_everything_is_carried_out(bench: Bench) -> None:
    user = bench.user(held=FREEDOM | CTI | PBX)
    org = org_of(bench)
    work(bench, org)
    org.arm(by="ada")
    work(bench, org)
    assert not bench.held(user)
    assert bench.store.state(NAME).armed_by == "ada"


def test_other_features_observe_again_until_they_are_approved(bench: Bench) -> None:
    org = org_of(bench)
    bench.user(requested=FREEDOM)
    work(bench, org)
    written = len(bench.org.written)
    fewer = type(bench.rulebook)(bench.rulebook.policy, frozenset())
    changed = org_of(bench, rulebook=fewer)
    bench.user(2, requested=FREEDOM)
    work(bench, changed)
    assert mode(bench, changed) is Mode.OBSERVING
    assert len(bench.org.written) == written
    assert bench.store.latest_run(NAME, RunKind.PLAN, changed.fingerprint()) is not None
    changed.arm(by="ada")
    work(bench, changed)
    assert len(bench.org.written) > written


def test_another_organization_stops_all_writes_with_one_sentence(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    bench.org.organization = "00D000000000009AAA"
    bench.org.forget_login()
    user = bench.user(requested=FREEDOM)
    bench.org.written.clear()
    work(bench, org)
    assert bench.org.written == []
    problem = bench.store.state(NAME).problem
    assert problem is not None
    assert "00D000000000009AAA" in problem
    org.arm(by="ada")
    bench.org.tick(PROBLEM_SECONDS)
    work(bench, org)
    assert bench.held(user) == FREEDOM | CTI


def test_a_schema_that_does_not_fit_stops_everything_until_it_does(bench: Bench) -> None:
    bench.org.schema_problem = "User.Effective_CTI__c is hidden: grant it."
    user = bench.user(requested=FREEDOM)
    org = org_of(bench)
    work(bench, org)
    assert bench.store.state(NAME).problem == "User.Effective_CTI__c is hidden: grant it."
    assert "query" not in bench.org.calls
    bench.org.schema_problem = None
    bench.org.tick(PROBLEM_SECONDS)
    work(bench, org)
    assert bench.store.state(NAME).problem is None
    assert bench.held(user) == FREEDOM | CTI


def test_the_schema_is_asked_now_and_then_not_each_time(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org, rounds=10)
    assert bench.org.calls.count("describe") == 1
    bench.org.tick(SCHEMA_SECONDS)
    work(bench, org)
    assert bench.org.calls.count("describe") == 2


@pytest.mark.parametrize(
    ("remedy", "wait"), [(Remedy.STOP_ORG, PROBLEM_SECONDS), (Remedy.RETRY, HICCUP_SECONDS)]
)
def test_trouble_is_a_sentence_and_the_org_is_left_alone_for_a_while(
    bench: Bench, remedy: Remedy, wait: float
) -> None:
    org = org_of(bench)
    work(bench, org)
    failed = call_failed(remedy)
    bench.org.fail = CallFailed(type(failed.failure)("X", "It is down: start it.", remedy))
    assert org.poll() is None
    assert bench.store.state(NAME).problem == "It is down: start it."
    bench.org.calls.clear()
    bench.org.tick(wait - 1)
    assert org.poll() is None
    assert bench.org.calls == []
    bench.org.tick(1)
    assert org.poll() is not None
    assert bench.store.state(NAME).problem is None


def until(bench: Bench, hour: int, minute: int = 0, second: int = 0) -> None:
    """Let time pass to the next such moment."""
    now = bench.org.now
    wanted = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    bench.org.tick(((wanted - now).total_seconds() - 1) % DAY + 1)


def test_the_nights_reconcile_is_queued_once_and_only_where_it_may_write(bench: Bench) -> None:
    org = org_of(bench)
    assert org.queue_nightly(HOUR) is None
    work(bench, org)
    assert org.queue_nightly(HOUR) is None, "arming has looked at everybody"
    until(bench, HOUR - 1, 59, 59)
    assert org.queue_nightly(HOUR) is None
    until(bench, HOUR)
    run_id = org.queue_nightly(HOUR)
    assert run_id is not None
    assert org.queue_nightly(HOUR) is None, "it waits"
    work(bench, org)
    assert bench.store.run(run_id).status is RunStatus.DONE
    until(bench, HOUR - 1, 59, 59)
    assert org.queue_nightly(HOUR) is None, "it was done"
    until(bench, HOUR)
    assert org.queue_nightly(HOUR) is not None


@pytest.mark.parametrize("seconds", [1, 12 * 3600, 23 * 3600, 10 * DAY])
def test_a_missed_night_is_caught_up_once(bench: Bench, seconds: int) -> None:
    org = org_of(bench)
    work(bench, org)
    until(bench, HOUR)
    bench.org.tick(seconds)
    assert org.queue_nightly(HOUR) is not None
    work(bench, org)
    assert org.queue_nightly(HOUR) is None


def test_a_reconcile_of_some_users_is_not_the_nights(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    until(bench, HOUR)
    org.queue_run(RunKind.RECONCILE, "ada", [next(iter(bench.org.users))])
    assert org.queue_nightly(HOUR) is not None


def test_a_night_that_failed_is_left_to_the_next_one(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    until(bench, HOUR)
    run_id = org.queue_nightly(HOUR)
    assert run_id is not None
    taken = bench.store.take_run(run_id, 60)
    assert taken is not None
    bench.store.end_run(run_id, taken[1], "It took too long.")
    assert org.queue_nightly(HOUR) is None
    until(bench, HOUR)
    assert org.queue_nightly(HOUR) is not None


def test_a_worker_that_remembers_the_old_login_goes_on_after_the_approval(bench: Bench) -> None:
    org, approving = org_of(bench), org_of(bench)
    work(bench, org)
    old = bench.org.organization
    bench.org.organization = "00D000000000009AAA"
    bench.org.forget_login()
    approving.arm(by="ada")
    bench.org.session = old
    user = bench.user(requested=FREEDOM)
    work(bench, org)
    assert bench.held(user) == FREEDOM | CTI


def test_an_approval_does_not_wait_for_trouble_to_pass(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    bench.store.report_problem(NAME, "it was down", 900)
    org.arm(by="ada")
    assert bench.store.state(NAME).problem is None
    assert org.poll() is not None


def test_a_wrong_field_is_named_at_once_and_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    org = org_of(bench)
    work(bench, org)
    bench.org.fail = CallFailed(Failure("INVALID_FIELD", "SELECT Id, ...", Remedy.STOP_ORG))
    bench.org.schema_problem = "User.Effective_CTI__c is hidden: grant it."
    assert org.poll() is None
    assert bench.store.state(NAME).problem == "User.Effective_CTI__c is hidden: grant it."
    assert "Effective_CTI__c" in caplog.text


def test_an_org_that_shows_hardly_anybody_does_not_arm_itself(bench: Bench) -> None:
    """Where the integration user may not see users, the answer is empty and no error."""
    users = [bench.user(number, held=FREEDOM | CTI | PBX) for number in range(10, 20)]
    bench.org.hidden |= bench.org.users.keys()
    org = org_of(bench)
    work(bench, org)
    assert mode(bench, org) is Mode.OBSERVING
    bench.org.hidden.clear()
    until(bench, HOUR)
    org.queue_nightly(HOUR)
    work(bench, org)
    assert {bench.held(user) for user in users} == {FREEDOM | CTI | PBX}


def test_a_flag_that_cannot_be_read_does_not_arm_an_org(bench: Bench) -> None:
    user = bench.user(held=FREEDOM | CTI)
    bench.org.edit(user, requested=Flags(NONE, PBX))
    org = org_of(bench)
    work(bench, org)
    assert mode(bench, org) is Mode.OBSERVING
    bench.org.edit(user, requested=Flags(NONE))
    work(bench, org)
    assert bench.held(user) == FREEDOM | CTI


def test_a_plan_made_under_other_rules_arms_nobody(bench: Bench) -> None:
    """During a restart with other features, an old worker may take the new one's plan."""
    user = bench.user(requested=SCV, held=SCV)
    fewer = Rulebook(bench.rulebook.policy, frozenset())
    new, old = org_of(bench, rulebook=fewer), org_of(bench)
    bench.org.tick(3)
    new.poll()
    (run_id,) = bench.store.due_work()[NAME].runs
    old.carry_out(run_id)
    work(bench, new)
    assert mode(bench, new) is Mode.OBSERVING
    assert bench.held(user) == SCV


def test_arming_itself_does_not_overrule_a_person_of_the_same_moment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = Rulebook(bench.rulebook.policy, frozenset())
    mine, theirs = org_of(bench), org_of(bench, rulebook=fewer)
    work(bench, mine, 1)
    latest_run = bench.store.latest_run

    def and_then_a_person_approves(org: str, kind: RunKind, fingerprint: str) -> Run | None:
        found = latest_run(org, kind, fingerprint)
        monkeypatch.undo()
        theirs.arm(by="ada")
        return found

    monkeypatch.setattr(bench.store, "latest_run", and_then_a_person_approves)
    bench.org.tick(3)
    mine.poll()
    assert bench.store.state(NAME).armed_by == "ada"


def test_an_org_that_does_not_answer_rests_longer_than_it_holds_a_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = org_of(bench)
    work(bench, org)

    def silent(position: Position, limit: int) -> Page:
        bench.org.tick(10)
        raise call_failed()

    monkeypatch.setattr(bench.org, "changed_since", silent)
    org.poll()
    state = bench.store.state(NAME)
    assert state.problem_until is not None
    assert (state.problem_until - bench.org.now).total_seconds() == 20


def test_a_run_in_trouble_delays_no_live_edit(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Salesforce may take too long over a query of all users while all else works."""
    org = org_of(bench)
    work(bench, org)
    until(bench, HOUR)
    org.queue_nightly(HOUR)

    def too_long(after_id: str, limit: int) -> Page:
        raise CallFailed(Failure("QUERY_TIMEOUT", "It took too long.", Remedy.RETRY, 60))

    monkeypatch.setattr(bench.org, "everyone", too_long)
    (run_id,) = bench.store.due_work()[NAME].runs
    assert org.carry_out(run_id) is None
    user = bench.user(20, requested=FREEDOM)
    bench.store.notice(NAME, [Notice(user, "u", Cause.POLL, Priority.LIVE)])
    org.settle(Priority.LIVE, 2000)
    assert bench.held(user) == FREEDOM | CTI
    assert bench.store.run(run_id).error == "It took too long."


def test_a_user_is_written_to_as_often_an_hour_as_the_org_allows(bench: Bench) -> None:
    user = bench.user()
    org = org_of(bench, writes_per_hour=3)
    work(bench, org)
    for wanted in (PBX, NONE) * 4:
        bench.org.request(user, wanted)
        work(bench, org, rounds=1)
    assert len([write for write in bench.org.written if write.user_id == user]) == 3


def test_a_run_that_fails_does_not_take_back_the_orgs_trouble(bench: Bench) -> None:
    org = org_of(bench)
    work(bench, org)
    run = org.queue_run(RunKind.RECONCILE, "ann")
    bench.store.report_problem(NAME, "Salesforce does not answer.", 0)
    bench.org.fail = call_failed()
    assert org.carry_out(run) is None
    assert bench.store.state(NAME).problem == "Salesforce does not answer."


def test_a_batch_whose_calls_take_long_books_in_time_what_it_did(bench: Bench) -> None:
    """The rest is done by the next one: a batch that is cut off books nothing at all."""
    org = org_of(bench)
    work(bench, org)
    users = [bench.user(number, requested=PBX) for number in range(100, 150)]
    bench.org.write_limit = 10
    bench.org.before_write = lambda: bench.org.tick(20)
    begun = bench.org.now
    bench.store.notice(NAME, [Notice(u, u, Cause.POLL, Priority.LIVE) for u in users])
    org.settle(Priority.LIVE, 2000)
    assert (bench.org.now - begun).total_seconds() <= BATCH_SECONDS + 20
    done = [user for user in users if bench.held(user) == PBX]
    assert len(done) == 30
    rows = [row for row in bench.store.history(NAME) if row.intent.user_id in users]
    outcomes = Counter(row.outcome for row in rows)
    assert outcomes[HistoryOutcome.CONFIRMED] == 30
    assert outcomes[HistoryOutcome.NOT_SENT] == 20
    work(bench, org)
    assert all(bench.held(user) == PBX for user in users)
