"""Two workers, an admin and a clock, stopped and started anywhere: no order breaks an invariant.

`HYPOTHESIS_PROFILE=thorough` tries many more orders.
"""

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from sync.store.tables import metadata
from tests.convergence.machine import TwoWorkers
from tests.convergence.troubles import InTrouble


def tries(examples: int, steps: int) -> settings:
    """So many examples; many times that under the thorough profile."""
    thorough = settings.default.max_examples // 100
    return settings(max_examples=examples * max(thorough, 1), stateful_step_count=steps)


class OnADatabase(TwoWorkers):
    """Few examples: each starts from the tables emptied."""

    def teardown(self) -> None:
        engine = self.bench.store.engine
        try:
            super().teardown()
        finally:
            with engine.begin() as connection:
                for table in reversed(metadata.sorted_tables):
                    if table.name not in ("counter",):
                        connection.execute(table.delete())
            engine.dispose()


class TestInMemory:
    """Many examples: the database is in memory."""

    def test_no_order_breaks_an_invariant(self) -> None:
        run_state_machine_as_test(TwoWorkers, settings=tries(16, 60))


def test_no_order_breaks_an_invariant_on_a_real_database(database_url: str) -> None:
    here = type("Here", (OnADatabase,), {"database": database_url})
    run_state_machine_as_test(here, settings=tries(8, 40))


class TestInTrouble:
    """Calls fail, answers are lost, clocks jump."""

    def test_no_trouble_breaks_an_invariant(self) -> None:
        run_state_machine_as_test(InTrouble, settings=tries(50, 40))
