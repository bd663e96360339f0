"""What a plan comes to: nobody who loses something is left out for those who do not."""

from hypothesis import given
from hypothesis import strategies as st

from cli.digest import SHOWN, Digest
from sync.model import Licenses, Status
from sync.ports.runs import PlanItem, RunKind

CTI = Licenses.from_names(["CTI"])
FREEDOM = Licenses.from_names(["Freedom"])
NOTHING = Licenses()


def item(
    number: int,
    held: Licenses,
    after: Licenses | None,
    *,
    requested: Licenses = NOTHING,
    requested_after: Licenses | None = None,
    hold: Licenses = NOTHING,
    status: str = Status.CORRECTED,
) -> PlanItem:
    return PlanItem(
        user_id=f"005{number:015}",
        username=f"user{number}@example.com",
        requested=requested,
        requested_after=requested if requested_after is None else requested_after,
        held=held,
        after=after,
        status=status,
        why="",
        hold=hold,
    )


def digest_of(items: list[PlanItem]) -> Digest:
    digest = Digest()
    for one in items:
        digest.add(one)
    return digest


@given(st.lists(st.booleans(), max_size=150))
def test_who_loses_something_is_shown_before_anybody_else(losing: list[bool]) -> None:
    items = [item(n, CTI, NOTHING if loses else CTI) for n, loses in enumerate(losing)]
    digest = digest_of(items)
    losers = [i for i in items if i.removed]
    assert digest.losers == len(losers)
    assert digest.shown[: len(losers)] == losers[:SHOWN]
    assert len(digest.shown) == min(SHOWN, len(items))


def test_a_plan_counts_users_and_licenses() -> None:
    digest = digest_of([item(1, CTI | FREEDOM, NOTHING), item(2, NOTHING, CTI), item(3, CTI, None)])
    assert list(digest.sentences(RunKind.PLAN)) == [
        "1 user would lose something: 1 CTI, 1 Freedom. Would be granted: 1 CTI."
    ]


def test_an_adoption_says_which_requests_it_writes_and_what_it_holds_back() -> None:
    digest = digest_of(
        [
            item(1, CTI, CTI, requested_after=CTI, hold=CTI),
            item(2, NOTHING, NOTHING, requested=FREEDOM, requested_after=NOTHING),
            item(3, FREEDOM, FREEDOM, requested_after=FREEDOM, status=Status.CONFLICT),
        ]
    )
    assert list(digest.sentences(RunKind.ADOPT)) == [
        (
            "Requests that would be ticked: 1 CTI, 1 Freedom; unticked, since it is not held: "
            "1 Freedom."
        ),
        "Held back, since the rules would take it: 1 CTI.",
        "No license would be removed or granted.",
        "1 user would be in the conflict log to be decided.",
    ]
    assert digest.shown[0].requested == FREEDOM
