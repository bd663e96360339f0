"""The life of a conflict: opened, seen again, decided, overtaken, dismissed, come back."""

from contextlib import suppress

from sync.model import NONE, Flags
from sync.ports.conflict_log import EntryStatus
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Priority
from tests.fakes.bench import BOTH, CTI, FREEDOM, ORG, PBX, SCV, Bench
from tests.fakes.org import ADMIN, call_failed, refusal


def test_a_conflict_keeps_what_works_and_waits(bench: Bench) -> None:
    user = bench.conflict()
    (entry,) = bench.living(user)
    assert bench.held(user) == FREEDOM | CTI
    assert (entry.code, entry.licenses, entry.kept) == ("mutually_exclusive", BOTH, FREEDOM)


def test_an_edit_in_salesforce_resolves_it(bench: Bench) -> None:
    user = bench.conflict()
    bench.org.request(user, SCV)
    bench.quiet()
    (entry,) = bench.entries(user)
    assert bench.held(user) == SCV
    assert (entry.status, entry.resolved_by) == (EntryStatus.RESOLVED, ADMIN)
    assert entry.how == "edited in Salesforce"


def test_a_person_resolves_it_and_the_losing_request_is_unticked(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=SCV)
    bench.quiet()
    (entry,) = bench.entries(user)
    assert (bench.requested(user), bench.held(user)) == (SCV, SCV)
    assert (entry.status, entry.resolved_by) == (EntryStatus.RESOLVED, "ada")
    (row,) = [r for r in bench.history(user) if r.intent.conflict_id == entry.id]
    assert (row.intent.actor, row.intent.cause) == ("ada", "resolution")
    assert bench.status(user) == "In sync"


def test_keeping_neither_unticks_both(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=NONE)
    bench.quiet()
    assert (bench.requested(user), bench.held(user)) == (NONE, NONE)


def test_a_decision_on_a_record_that_moved_is_overtaken_and_says_so(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=SCV)
    bench.org.request(user, BOTH | PBX)
    bench.quiet()
    (entry,) = bench.living(user)
    assert bench.requested(user) == BOTH | PBX
    assert bench.held(user) == FREEDOM | CTI | PBX
    assert entry.status is EntryStatus.OPEN
    assert entry.note is not None
    assert "ada" in entry.note
    bench.resolve(user, keep=SCV)
    bench.quiet()
    assert bench.held(user) == SCV | PBX


def test_a_decision_on_flags_that_a_hand_changed_is_overtaken(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=FREEDOM)
    bench.org.edit(user, held=Flags(SCV))
    bench.quiet()
    (entry,) = bench.living(user)
    assert entry.status is EntryStatus.OPEN
    assert bench.held(user) == FREEDOM | CTI


def test_a_record_that_moves_under_the_write_is_read_again(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=SCV)

    def rename() -> None:
        bench.org.before_write = lambda: None
        bench.org.tick(3)
        bench.org.edit(user, name="New Name")

    bench.org.before_write = rename
    bench.quiet()
    assert bench.held(user) == SCV
    assert bench.entries(user)[0].resolved_by == "ada"


def test_a_record_changed_within_the_blind_second_is_not_written_yet(bench: Bench) -> None:
    user = bench.conflict()
    bench.org.edit(user, name="New Name")
    bench.resolve(user, keep=SCV)
    bench.org.calls.clear()
    bench.batch()
    assert bench.org.calls == ["read"]
    bench.quiet()
    assert bench.held(user) == SCV


def test_a_lost_answer_to_a_resolution_is_still_credited(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=SCV)
    bench.org.lose_answers = True
    bench.batch()
    bench.org.lose_answers = False
    bench.quiet()
    (entry,) = bench.entries(user)
    assert (entry.status, entry.resolved_by) == (EntryStatus.RESOLVED, "ada")


def test_a_worker_that_died_after_the_write_leaves_the_credit_in_the_history(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=SCV)

    class Dying:
        """A store whose worker dies before it books."""

        def __getattr__(self, name: str) -> object:
            if name == "book":
                raise SystemExit
            return getattr(bench.store, name)

    bench.org.tick(3)
    with suppress(SystemExit):
        bench.settler(store=Dying()).settle("approved", Priority.LIVE, 10)
    bench.org.tick(31)
    bench.quiet()
    (entry,) = bench.entries(user)
    assert (entry.status, entry.resolved_by) == (EntryStatus.RESOLVED, "ada")


def test_a_refused_resolution_parks_the_user_and_keeps_the_decision(bench: Bench) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=SCV)
    bench.org.refuse[user] = refusal()
    bench.org.tick(3)
    bench.batch()
    (parked,) = bench.parked()
    (entry,) = bench.living(user)
    assert (parked.user_id, entry.status) == (user, EntryStatus.DECIDING)
    bench.org.refuse.clear()
    bench.store.retry_parked(ORG, [user], "ada")
    bench.quiet()
    assert bench.held(user) == SCV


def test_a_dismissed_conflict_stays_away_until_its_request_changes(bench: Bench) -> None:
    user = bench.conflict()
    (entry,) = bench.living(user)
    bench.store.dismiss(entry.id, "ada", "on holiday")
    bench.quiet()
    bench.org.request(user, BOTH | PBX)
    bench.quiet()
    (entry,) = bench.entries(user)
    assert entry.status is EntryStatus.DISMISSED, "Cloud PBX is not its business"
    assert bench.held(user) == FREEDOM | CTI | PBX
    bench.org.request(user, FREEDOM)
    bench.quiet()
    assert bench.living(user) == []
    bench.org.request(user, BOTH)
    bench.quiet()
    (again,) = bench.living(user)
    assert (again.status, again.previous_id) == (EntryStatus.OPEN, entry.id)


def test_a_dismissal_ends_when_a_hand_moves_its_flags_and_the_kept_side_stays(bench: Bench) -> None:
    user = bench.conflict()
    (entry,) = bench.living(user)
    bench.store.dismiss(entry.id, "ada", "on holiday")
    bench.quiet()
    bench.org.edit(user, held=Flags(SCV))
    bench.quiet()
    (again,) = bench.living(user)
    assert (again.status, again.previous_id, again.kept) == (EntryStatus.OPEN, entry.id, FREEDOM)
    assert bench.held(user) == FREEDOM | CTI


def test_what_comes_back_after_a_resolution_is_a_new_entry_that_points_to_the_old(
    bench: Bench,
) -> None:
    user = bench.conflict()
    bench.resolve(user, keep=FREEDOM)
    bench.quiet()
    bench.org.request(user, BOTH)
    bench.quiet()
    old, new = bench.entries(user)
    assert (old.status, new.status, new.previous_id) == ("resolved", "open", old.id)


def test_a_late_write_does_not_pick_the_side_of_a_conflict(bench: Bench) -> None:
    """A worker decides Freedom and is paused; meanwhile SCV is asked for, granted, and both."""
    user = bench.user(requested=FREEDOM)
    bench.notice(user)
    late = list[object]()

    class Paused:
        """A writer whose call reaches Salesforce long after its lease."""

        write_limit = 200
        conditional_limit = 25

        def write(self, writes: list[object]) -> None:
            late.extend(writes)
            raise SystemExit

    with suppress(SystemExit):
        bench.settler(writer=Paused()).settle("approved", Priority.LIVE, 10)
    bench.org.tick(31)
    bench.org.request(user, SCV)
    bench.quiet()
    assert bench.held(user) == SCV
    bench.org.request(user, BOTH)
    bench.org.write(late)  # type: ignore[arg-type]
    assert bench.held(user) == FREEDOM | CTI
    bench.quiet()
    (entry,) = bench.living(user)
    assert entry.kept == SCV
    assert bench.held(user) == SCV


def test_a_write_that_arrived_before_the_worker_died_counts_as_held(bench: Bench) -> None:
    user = bench.user(requested=FREEDOM)
    bench.notice(user)
    with suppress(SystemExit):
        bench.settler(store=_dying(bench)).settle("approved", Priority.LIVE, 10)
    assert bench.held(user) == FREEDOM | CTI
    bench.org.tick(31)
    bench.org.request(user, BOTH)
    bench.quiet()
    assert bench.held(user) == FREEDOM | CTI
    assert {r.outcome for r in bench.history(user)} >= {HistoryOutcome.INTENDED}


def test_a_conflict_that_the_policy_ends_names_the_policy(bench: Bench) -> None:
    user = bench.conflict()
    bench.rulebook = type(bench.rulebook)(bench.rulebook.policy, frozenset())
    bench.settle(user)
    ended = bench.entries(user)[0]
    assert ended.status is EntryStatus.RESOLVED
    assert ended.how == "the policy or the org's features changed"
    assert [e.code for e in bench.living(user)] == ["not_enabled"]


def test_an_open_conflict_survives_a_read_that_fails(bench: Bench) -> None:
    user = bench.conflict()
    bench.org.fail = call_failed()
    bench.settle(user)
    assert len(bench.living(user)) == 1


def _dying(bench: Bench) -> object:
    class Dying:
        def __getattr__(self, name: str) -> object:
            if name == "book":
                raise SystemExit
            return getattr(bench.store, name)

    return Dying()
