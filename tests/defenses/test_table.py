"""The table of defenses stays true: what it names is there. `make defenses` does the rest."""

import ast

import pytest

from tests.defenses.table import PAGE, ROOT, Defense, Trap, page, read_table

TRAPS = read_table()
DEFENSES = [defense for trap in TRAPS for defense in trap.defenses]


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.title[:50])
def test_every_trap_has_a_defense_or_a_reason_for_none(trap: Trap) -> None:
    assert bool(trap.defenses) != bool(trap.why_not)


@pytest.mark.parametrize("defense", DEFENSES, ids=lambda d: d.what[:50])
def test_a_defense_can_be_taken_out(defense: Defense) -> None:
    source = (ROOT / defense.file).read_text()
    assert defense.is_in(source)
    ast.parse(defense.taken_out(source))
    assert defense.tests


@pytest.mark.parametrize("defense", DEFENSES, ids=lambda d: d.what[:50])
def test_the_tests_of_a_defense_exist(defense: Defense) -> None:
    for test in defense.tests:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text()
        assert not name or f"def {name.partition('[')[0]}(" in text


def test_the_page_is_that_of_the_table() -> None:
    assert PAGE.read_text() == page(TRAPS), "make defenses ARGS=--page"
