"""What faults do to bytes, on an answer that is streamed in pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.exchange import Reply
from simulator.faults import Faults, Target, wire

CSV = {"Content-Type": "text/csv; charset=UTF-8"}
PIECES = (b'"Id","Title"\n"1","one"\n', b'"2","two"\n', b"")
TARGET = Target("GET", "/services/data/v60.0/jobs/query/750/results?", "integration")


class Transport:
    aborted = False

    def abort(self) -> None:
        self.aborted = True


def sent(kind: str, transport: Transport, **order: Any) -> list[Any]:
    """The messages that reach the client."""
    faults = Faults(Clock())
    faults.add({"kind": kind, **order})
    wrap = wire.ordered(faults, TARGET, Reply(200, None, CSV))
    messages: list[Any] = []

    async def story() -> None:
        async def send(message: Any) -> None:
            messages.append(message)

        assert wrap
        through = wrap({"type": "http", "extensions": {"simulator.transport": transport}}, send)
        headers = [(b"content-length", b"34"), (b"content-type", b"text/csv")]
        await through({"type": "http.response.start", "status": 200, "headers": headers})
        for n, piece in enumerate(PIECES):
            more = n < len(PIECES) - 1
            await through({"type": "http.response.body", "body": piece, "more_body": more})

    asyncio.run(story())
    return messages


def body(messages: list[Any]) -> bytes:
    return b"".join(m.get("body", b"") for m in messages)


def test_a_csv_that_ends_within_a_row_as_if_it_were_whole() -> None:
    transport = Transport()
    messages = sent("truncated_csv", transport)
    assert messages[0]["headers"] == [(b"content-type", b"text/csv")]
    assert body(messages) == PIECES[0][: len(PIECES[0]) // 2]
    assert [m.get("more_body", True) for m in messages] == [True, False]
    assert not transport.aborted


def test_a_stream_that_is_cut() -> None:
    transport = Transport()
    messages = sent("cut_answer", transport)
    assert transport.aborted
    assert body(messages) == PIECES[0][: len(PIECES[0]) // 2]
    assert messages[-1]["more_body"] is True


def test_drops_are_the_whole_stream() -> None:
    messages = sent("slow_drip", Transport(), seconds=0.02)
    assert body(messages) == b"".join(PIECES)
    assert [m["more_body"] for m in messages[1:]].count(False) == 1
    assert messages[-1]["more_body"] is False
    assert len(messages) > 10


def test_the_first_byte_alone_is_late() -> None:
    messages = sent("slow_first_byte", Transport(), seconds=0.01)
    assert body(messages) == b"".join(PIECES)


@pytest.mark.parametrize(
    ("order", "strikes"), [({}, False), ({"match": {"path": "results"}}, True)]
)
def test_only_a_csv_is_a_truncated_csv_unless_the_call_is_named(
    order: dict[str, Any], strikes: bool
) -> None:
    faults = Faults(Clock())
    faults.add({"kind": "truncated_csv", **order})
    json = Reply(200, [], {"Content-Type": "application/json"})
    assert (wire.ordered(faults, TARGET, json) is not None) is strikes
    assert wire.ordered(faults, TARGET, Reply(200, None, CSV)) is not None
