"""What a message does to the store: looks, and nothing else."""

import pytest

from sync.outbound import Taken, Turned, notices_of, take
from sync.ports.outbound import Notification, OutboundMessage
from sync.ports.pending import Cause, Priority
from tests.fakes.bench import ORG, PBX, Bench, memory_bench
from tests.fakes.org import ADMIN
from tests.outbound import ANN, BOB, CONTACT, ORGANIZATION, notification_id


def told(*record_ids: str | None, first: int = 1) -> OutboundMessage:
    found = [Notification(notification_id(n), i) for n, i in enumerate(record_ids, first)]
    return OutboundMessage(ORGANIZATION, tuple(found))


def test_a_user_that_is_named_twice_has_one_notice_with_the_newest_mark() -> None:
    (notice,), ignored = notices_of(told(ANN, ANN), "005")
    assert (notice.user_id, notice.cause, notice.priority) == (ANN, Cause.OUTBOUND, Priority.LIVE)
    assert (notice.seen, ignored) == (f"outbound {notification_id(2)}", 0)
    turned_around = OutboundMessage(ORGANIZATION, told(ANN, ANN).notifications[::-1])
    assert notices_of(turned_around, "005") == ([notice], 0)


def test_what_is_not_of_the_layouts_object_is_left_out() -> None:
    notices, ignored = notices_of(told(CONTACT, None, BOB), "005")
    assert ([notice.user_id for notice in notices], ignored) == ([BOB], 2)


def test_where_a_layout_knows_no_prefix_every_id_is_looked_at() -> None:
    notices, ignored = notices_of(told(CONTACT, None), None)
    assert ([notice.user_id for notice in notices], ignored) == ([CONTACT], 1)


@pytest.mark.parametrize(
    ("known", "found"),
    [
        (None, Turned.NOT_KNOWN),
        ("00D5g000004XyZbEAK", Turned.OTHER_ORGANIZATION),
        (ORGANIZATION, Taken(2, 1, 1)),
        (ORGANIZATION[:15], Taken(2, 1, 1)),
    ],
)
def test_only_the_orgs_own_organization_is_heard(known: str | None, found: object) -> None:
    with memory_bench() as bench:
        if known is not None:
            bench.store.meet("beta", known)
        assert take(bench.store, "beta", told(ANN, CONTACT), "005") == found
        assert (bench.store.waiting("beta", ANN) is None) is isinstance(found, Turned)


def test_the_record_says_who_edited_where_only_a_message_told_of_it() -> None:
    with memory_bench() as bench:
        user = bench.user()
        bench.org.request(user, PBX)
        known = bench.store.state(ORG).organization_id
        assert known is not None
        message = OutboundMessage(known, (Notification(notification_id(1), user),))
        assert take(bench.store, ORG, message, None) == Taken(1, 0, 1)
        bench.batch()
        (row,) = bench.history(user)
        assert (row.intent.cause, row.intent.actor) == (Cause.OUTBOUND, ADMIN)
        assert row.intent.username


def test_the_same_message_twice_undoes_no_wait(bench: Bench) -> None:
    known = bench.store.state(ORG).organization_id
    assert known is not None
    message = OutboundMessage(known, told(ANN).notifications)
    take(bench.store, ORG, message, "005")
    assert take(bench.store, ORG, message, "005") == Taken(1, 0, 0)
    later = OutboundMessage(known, told(ANN, first=2).notifications)
    assert take(bench.store, ORG, later, "005") == Taken(1, 0, 1)
