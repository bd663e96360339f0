"""What must hold in the end, when all is healed and quiet."""

from itertools import pairwise

from sync.conflicts import BY_PERSON
from sync.ports.conflict_log import Entry, EntryStatus
from tests.convergence.journal import BOTH, CTI, FREEDOM, PCI, Judged
from tests.convergence.watching import Ledger, World
from tests.fakes.bench import ORG

CONFLICTS = {"mutually_exclusive", "both_held"}


def judge_all(world: World) -> None:
    """Everybody's record, log and history."""
    bench = world.bench
    for user_id, judged in world.judge.users.items():
        record = bench.org.users[user_id]
        held = frozenset(record.held.on.names)
        wrong = world.judge.wrong(user_id, held, record.status, record.decided)
        assert wrong is None, wrong
        _judge_living({e.code: e for e in bench.living(user_id)}, judged)
        _judge_decisions(bench.entries(user_id), world.ledger)
    rows = bench.store.history(ORG, limit=10_000)
    assert [wrong for row in rows if (wrong := world.ledger.wrong(row))] == []


def _judge_living(living: dict[str, Entry], judged: Judged) -> None:
    """The entries are exactly those of the decision."""
    assert not any(e.status is EntryStatus.DECIDING for e in living.values())
    assert bool(CONFLICTS & set(living)) == (judged.requested >= BOTH)
    alone = CTI in judged.requested and FREEDOM not in judged.requested
    assert ("needs_freedom" in living) == alone
    assert ("not_in_use" in living) == (PCI in judged.requested)
    judge_kept(living, judged)


def judge_kept(living: dict[str, Entry], judged: Judged) -> None:
    """A conflict keeps the side that was held when both came to be asked for."""
    for code in CONFLICTS & set(living):
        kept = frozenset(living[code].kept.names)
        assert judged.doubtful or kept == judged.kept, (living[code], judged)


def _judge_decisions(entries: list[Entry], ledger: Ledger) -> None:
    """A person is credited with what arrived, whoever heard of it, and with nothing else."""
    for entry in entries:
        is_credited = entry.how == BY_PERSON
        assert is_credited or entry.id not in ledger.creditable, entry
        assert not is_credited or entry.id in ledger.carried_out | ledger.untold, entry
    for older, newer in pairwise([e for e in entries if e.code == "mutually_exclusive"]):
        assert newer.previous_id == older.id, "what comes back points to what went before"
