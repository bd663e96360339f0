"""The life of entries, as booked batches and as people change it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sync.errors import NotAllowed, UnknownReference
from sync.model import NONE, Finding, FindingKind
from sync.ports.conflict_log import (
    CloseEntry,
    Entry,
    EntryChange,
    EntryStatus,
    OvertakeEntry,
    SeeEntry,
)
from sync.ports.pending import Cause, Priority
from sync.ports.settling import Outcome, OutcomeKind
from tests.contract.store.scene import (
    ANN,
    BOB,
    BOTH,
    CID,
    CONFLICT,
    CTI,
    FREEDOM,
    ORG,
    PBX,
    REFUSAL,
    SCV,
    START,
    Clock,
    Scene,
    a_resolution,
    an_opening,
    only,
)


def test_an_entry_opens_as_the_decision_says(scene: Scene) -> None:
    entry = scene.open()
    assert (entry.org, entry.user_id, entry.username) == (ORG, ANN, f"{ANN}@acme.example")
    assert (entry.kind, entry.code) == (FindingKind.CONFLICT, "mutually_exclusive")
    assert (entry.licenses, entry.message) == (BOTH, "choose one")
    assert (entry.requested, entry.held, entry.kept) == (BOTH, SCV, SCV)
    assert (entry.status, entry.policy) == (EntryStatus.OPEN, "p1")
    assert (entry.opened_at, entry.seen_at, entry.seen_count) == (START, START, 1)
    assert entry.resolution is None
    assert scene.store.entry(entry.id) == entry


def test_a_second_living_entry_of_a_finding_is_a_mistake(scene: Scene) -> None:
    scene.open()
    with pytest.raises(ValueError, match="living"):
        scene.open()


def test_findings_and_users_have_entries_of_their_own(scene: Scene) -> None:
    scene.open(ANN)
    scene.open(ANN, REFUSAL)
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.SETTLED)
    scene.open(BOB)
    living = scene.store.living_entries(ORG, [ANN, BOB, CID])
    assert {user: [e.code for e in entries] for user, entries in living.items()} == {
        ANN: ["mutually_exclusive", "needs_freedom"],
        BOB: ["mutually_exclusive"],
    }
    assert scene.store.living_entries("other", [ANN]) == {}
    assert scene.store.living_entries(ORG, []) == {}


def test_a_notice_has_no_place_in_the_log(scene: Scene) -> None:
    with pytest.raises(ValueError, match="notice"):
        scene.open(finding=Finding(FindingKind.NOTICE, "implied", CTI, "came with Freedom"))


def test_seeing_an_entry_brings_it_up_to_date(scene: Scene, clock: Clock) -> None:
    entry = scene.open()
    now = clock.pass_(60)
    finding = replace(CONFLICT, licenses=BOTH | CTI, message="still choose one")
    scene.settle(ANN, [SeeEntry(entry.id, finding, BOTH | PBX, SCV | PBX, "p2")])
    seen = scene.store.entry(entry.id)
    assert (seen.licenses, seen.message) == (BOTH | CTI, "still choose one")
    assert (seen.requested, seen.held, seen.kept) == (BOTH | PBX, SCV | PBX, SCV)
    assert (seen.policy, seen.opened_at) == ("p2", START)
    assert (seen.seen_at, seen.seen_count) == (now, 2)


def test_an_ended_entry_makes_room_for_its_successor(scene: Scene, clock: Clock) -> None:
    first = scene.open()
    now = clock.pass_(60)
    back = an_opening(previous_id=first.id)
    scene.settle(ANN, [back, CloseEntry(first.id, "005ADMIN", "edited in Salesforce")])
    ended, second = scene.entries()
    assert (ended.status, ended.how) == (EntryStatus.RESOLVED, "edited in Salesforce")
    assert (ended.resolved_at, ended.resolved_by) == (now, "005ADMIN")
    assert (second.status, second.previous_id) == (EntryStatus.OPEN, first.id)


def test_a_batch_changes_several_entries_alike(scene: Scene) -> None:
    first, second = scene.open(ANN), scene.open(BOB)
    changes: tuple[Callable[[Entry], EntryChange], ...] = (
        lambda entry: SeeEntry(entry.id, CONFLICT, BOTH, SCV, "p2"),
        lambda entry: OvertakeEntry(entry.id, BOTH, SCV, "overtaken"),
        lambda entry: CloseEntry(entry.id, "x", "y"),
    )
    for change in changes:
        scene.notice(ANN, BOB, seen="")
        claim = scene.claim()
        outcomes = [
            Outcome(user, OutcomeKind.SETTLED, entries=(change(entry),))
            for user, entry in zip(claim.users, (first, second), strict=True)
        ]
        scene.store.book(claim, outcomes)
    for entry in scene.entries():
        assert (entry.status, entry.policy) == (EntryStatus.RESOLVED, "p2")
        assert (entry.seen_count, entry.note) == (2, "overtaken")


def test_a_deleted_users_entries_end(scene: Scene) -> None:
    scene.open(ANN)
    scene.open(ANN, REFUSAL)
    scene.open(BOB)
    scene.notice(ANN)
    scene.book(scene.claim(), OutcomeKind.GONE)
    statuses = {entry.user_id: entry.status for entry in scene.entries()}
    assert statuses == {ANN: EntryStatus.RESOLVED, BOB: EntryStatus.OPEN}


def test_a_batch_changes_no_entry_of_another_org(scene: Scene) -> None:
    entry = scene.open()
    scene.arm(org="other")
    scene.notice(ANN, org="other")
    claim = scene.store.claim("other", "print-1", Priority.LIVE, 1, 30)
    assert claim is not None
    scene.book(claim, OutcomeKind.GONE, entries=(CloseEntry(entry.id, "eve", "x"),))
    assert scene.store.entry(entry.id).status is EntryStatus.OPEN


def test_a_decision_makes_its_user_due_at_once(scene: Scene, clock: Clock) -> None:
    entry = scene.open()
    now = clock.pass_(60)
    decided = scene.store.resolve(entry.id, a_resolution(FREEDOM, note="asked her"))
    assert decided.status is EntryStatus.DECIDING
    assert decided.resolution == a_resolution(FREEDOM, note="asked her", decided_at=now)
    assert decided == scene.store.entry(entry.id)
    user = only(scene.claim(priority=Priority.LIVE))
    assert (user.user_id, user.cause, user.actor) == (ANN, Cause.RESOLUTION, "ann")


def test_a_decision_during_a_lease_leaves_the_user_due(scene: Scene) -> None:
    entry = scene.open()
    scene.notice(ANN)
    claim = scene.claim()
    scene.store.resolve(entry.id, a_resolution())
    scene.book(claim, OutcomeKind.SETTLED)
    assert only(scene.claim()).cause is Cause.RESOLUTION


def test_the_second_person_learns_who_decided_what_and_when(scene: Scene, clock: Clock) -> None:
    entry = scene.open()
    scene.store.resolve(entry.id, a_resolution(FREEDOM, by="ann"))
    clock.pass_(60)
    with pytest.raises(NotAllowed, match=r"ann decided .* 2026-03-01 12:00:00 UTC.*Freedom"):
        scene.store.resolve(entry.id, a_resolution(SCV, by="bob"))
    with pytest.raises(NotAllowed, match="ann decided"):
        scene.store.dismiss(entry.id, "bob", "later")
    assert scene.store.entry(entry.id).resolution == a_resolution(FREEDOM, by="ann")


def test_neither_is_a_decision_too(scene: Scene) -> None:
    entry = scene.open()
    scene.store.resolve(entry.id, a_resolution(NONE))
    with pytest.raises(NotAllowed, match="neither"):
        scene.store.resolve(entry.id, a_resolution(SCV))


def test_what_the_conflict_is_not_about_cannot_be_kept(scene: Scene) -> None:
    entry = scene.open()
    with pytest.raises(NotAllowed, match="Freedom and Service Cloud Voice"):
        scene.store.resolve(entry.id, a_resolution(PBX))
    assert scene.store.waiting(ORG, ANN) is None, "nothing was noticed"


def test_keeping_all_of_it_decides_nothing(scene: Scene) -> None:
    entry = scene.open()
    with pytest.raises(NotAllowed, match="keep one of these, or none"):
        scene.store.resolve(entry.id, a_resolution(entry.licenses))


def test_a_dismissal_without_a_reason_is_none(scene: Scene) -> None:
    entry = scene.open()
    with pytest.raises(NotAllowed, match="needs a note"):
        scene.store.dismiss(entry.id, "ann", " ")


def test_a_refusal_offers_no_choice(scene: Scene) -> None:
    entry = scene.open(finding=REFUSAL)
    with pytest.raises(NotAllowed, match="refusal"):
        scene.store.resolve(entry.id, a_resolution(CTI))


def test_an_ended_entry_cannot_be_decided(scene: Scene) -> None:
    entry = scene.open()
    scene.settle(ANN, [CloseEntry(entry.id, "005ADMIN", "edited in Salesforce")])
    with pytest.raises(NotAllowed, match=r"ended .* by 005ADMIN \(edited in Salesforce\)"):
        scene.store.resolve(entry.id, a_resolution())
    with pytest.raises(NotAllowed, match=r"ended .* by 005ADMIN \(edited in Salesforce\)"):
        scene.store.dismiss(entry.id, "ann", "x")


def test_a_decision_that_is_carried_out_ends_the_entry(scene: Scene) -> None:
    entry = scene.open()
    scene.store.resolve(entry.id, a_resolution(FREEDOM))
    scene.book(
        scene.claim(), OutcomeKind.SETTLED, entries=(CloseEntry(entry.id, "ann", "decided"),)
    )
    ended = scene.store.entry(entry.id)
    assert (ended.status, ended.resolved_by, ended.how) == (EntryStatus.RESOLVED, "ann", "decided")
    assert ended.resolution is not None
    assert ended.resolution.keep == FREEDOM


def test_an_overtaken_decision_leaves_the_entry_open(scene: Scene) -> None:
    entry = scene.open()
    scene.store.resolve(entry.id, a_resolution(FREEDOM))
    change = OvertakeEntry(entry.id, FREEDOM | PBX, NONE, "overtaken: decided by ann")
    scene.book(scene.claim(), OutcomeKind.SETTLED, entries=(change,))
    again = scene.store.entry(entry.id)
    assert (again.status, again.resolution) == (EntryStatus.OPEN, None)
    assert (again.requested, again.held) == (FREEDOM | PBX, NONE)
    assert again.note == "overtaken: decided by ann"
    assert scene.store.resolve(entry.id, a_resolution(SCV, by="bob")).resolution is not None


def test_a_dismissed_entry_lives_and_keeps_its_flags(scene: Scene, clock: Clock) -> None:
    entry = scene.open()
    now = clock.pass_(60)
    put_aside = scene.store.dismiss(entry.id, "ann", "she is on leave")
    assert (put_aside.status, put_aside.note) == (EntryStatus.DISMISSED, "she is on leave")
    assert (put_aside.resolved_by, put_aside.resolved_at) == ("ann", now)
    see = SeeEntry(entry.id, CONFLICT, BOTH | PBX, SCV | PBX, "p2")
    scene.book(scene.claim(), OutcomeKind.SETTLED, entries=(see,))
    seen = scene.store.entry(entry.id)
    assert (seen.requested, seen.held, seen.policy) == (BOTH, SCV, "p1")
    assert scene.store.living_entries(ORG, [ANN])[ANN] == (seen,)
    with pytest.raises(NotAllowed, match=r"dismissed .* by ann \(she is on leave\)"):
        scene.store.dismiss(entry.id, "bob", "me too")


def test_a_dismissed_conflict_can_be_decided(scene: Scene) -> None:
    entry = scene.open()
    scene.store.dismiss(entry.id, "ann", "later")
    decided = scene.store.resolve(entry.id, a_resolution(SCV, by="bob"))
    assert decided.status is EntryStatus.DECIDING
    assert (decided.resolved_at, decided.resolved_by, decided.how) == (None, None, None)


def test_a_refusal_can_be_dismissed(scene: Scene) -> None:
    entry = scene.open(finding=REFUSAL)
    assert scene.store.dismiss(entry.id, "ann", "known").status is EntryStatus.DISMISSED


def test_an_unknown_entry(scene: Scene) -> None:
    with pytest.raises(UnknownReference, match="no entry 7"):
        scene.store.entry(7)
    with pytest.raises(UnknownReference, match="no entry 7"):
        scene.store.resolve(7, a_resolution())
    with pytest.raises(UnknownReference, match="no entry 7"):
        scene.store.dismiss(7, "ann", "x")


def test_listings_are_filtered_and_oldest_first(scene: Scene) -> None:
    first, second = scene.open(ANN), scene.open(BOB, REFUSAL)
    scene.settle(ANN, [CloseEntry(first.id, "x", "y")])
    third = scene.open(ANN, previous_id=first.id)

    def listed(**wanted: object) -> list[int]:
        return [entry.id for entry in scene.entries(**wanted)]

    assert listed() == [first.id, second.id, third.id]
    assert listed(statuses=[EntryStatus.OPEN]) == [second.id, third.id]
    assert listed(kind=FindingKind.REFUSAL) == [second.id]
    assert listed(code="mutually_exclusive") == [first.id, third.id]
    assert listed(user_id=ANN, statuses=[EntryStatus.RESOLVED]) == [first.id]
    assert listed(org="other") == []


def test_a_long_listing_comes_page_by_page(scene: Scene) -> None:
    scene.notice(*(f"005{i:015}" for i in range(1203)))
    scene.book(scene.claim(limit=2000), OutcomeKind.SETTLED, entries=(an_opening(),))
    listed = [entry.id for entry in scene.entries(org=ORG)]
    assert len(listed) == 1203
    assert listed == sorted(set(listed))
    users = [f"005{i:015}" for i in range(1203)]
    assert len(scene.store.living_entries(ORG, users)) == 1203
