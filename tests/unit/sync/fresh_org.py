"""An org that nobody has met yet, as the workers of one process see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from sync.org import Org
from sync.ports.pending import Priority
from tests.fakes.bench import Bench, memory_bench

NAME = "fresh"


@contextmanager
def fresh_bench() -> Iterator[Bench]:
    """A store, and an org that nobody has met, with ten users who want nothing."""
    with memory_bench() as made:
        for number in range(901, 911):
            made.user(number)
        yield made


def org_of(bench: Bench, **changes: object) -> Org:
    """The org in a process of its own; `changes` replace collaborators."""
    return Org(
        **{
            "name": NAME,
            "store": bench.store,
            "gateway": bench.org,
            "rulebook": bench.rulebook,
            "layout": "user",
            "jitter": lambda: 0.0,
            "monotonic": partial(_seconds, bench),
            "sleep": bench.org.tick,
            **changes,
        }  # type: ignore[arg-type]
    )


def _seconds(bench: Bench) -> float:
    return bench.org.now.timestamp()


def work(bench: Bench, org: Org, rounds: int = 4) -> None:
    """What the workers do: poll, do the runs, settle."""
    for _ in range(rounds):
        bench.org.tick(3)
        org.poll()
        for run_id in bench.store.due_work()[NAME].runs if NAME in bench.store.due_work() else ():
            org.carry_out(run_id)
        for priority in Priority:
            org.settle(priority, 2000)
