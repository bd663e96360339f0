"""What is written on the record about a decision."""

import pytest

from sync.model import NONE, Decision, Finding, FindingKind, Licenses, Status
from sync.statement import failed_message, message_of, reason_of, same_text, status_of

CONFLICT, REFUSAL, NOTICE = FindingKind.CONFLICT, FindingKind.REFUSAL, FindingKind.NOTICE


def decision(*said: tuple[FindingKind, str]) -> Decision:
    return Decision(NONE, tuple(Finding(kind, "code", Licenses(1), text) for kind, text in said))


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((), Status.IN_SYNC),
        ((NOTICE,), Status.IN_SYNC),
        ((REFUSAL, NOTICE), Status.CORRECTED),
        ((CONFLICT, REFUSAL, NOTICE), Status.CONFLICT),
        ((CONFLICT,), Status.CONFLICT),
    ],
)
def test_the_status_is_that_of_the_gravest_finding(
    kinds: tuple[FindingKind, ...], status: Status
) -> None:
    assert status_of(decision(*((kind, "x") for kind in kinds))) is status


def test_the_message_has_conflicts_and_refusals_and_no_notices() -> None:
    made = decision((CONFLICT, "First."), (REFUSAL, "Second\n one. "), (NOTICE, "Third."))
    assert message_of(made) == "First. Second one."
    assert reason_of(made) == "First. Second one. Third."


def test_nothing_to_say_is_an_empty_message() -> None:
    assert message_of(decision()) == ""
    assert message_of(decision((NOTICE, "Third."))) == ""
    assert reason_of(decision()) == ""


def test_a_message_of_255_characters_is_whole() -> None:
    assert failed_message("a" * 255) == "a" * 255


def test_a_longer_message_is_cut_at_a_word() -> None:
    cut = failed_message("word " * 60)
    assert cut == "word " * 50 + "word…"
    assert len(cut) == 255


def test_a_word_that_ends_at_the_limit_leaves_no_room_for_the_mark() -> None:
    assert failed_message("a" * 250 + " " + "b" * 4 + " c") == "a" * 250 + "…"
    assert failed_message("a" * 250 + " " + "b" * 3 + " c") == "a" * 250 + " bbb…"


def test_a_word_that_is_too_long_is_cut_itself() -> None:
    assert failed_message("a" * 300) == "a" * 254 + "…"


def test_a_reason_is_put_on_one_line() -> None:
    assert failed_message("  No answer:\r\n timed\tout ") == "No answer: timed out"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, "", True),
        (None, " \n", True),
        (" A b.", "A b. ", True),
        ("A\r\nb", "A\nb", True),
        ("A b", "A c", False),
        ("A", None, False),
        ("Ab", "A b", False),
    ],
)
def test_texts_are_the_same_that_salesforce_could_make_of_each_other(
    one: str | None, other: str | None, same: bool
) -> None:
    assert same_text(one, other) is same
    assert same_text(other, one) is same
