"""A call within the troubles of its connection, in their order.

Before the handler: a cut, or an answer in its place. After it, when everything is committed:
the answer lost, replaced, spoiled, late. Last, on the bytes themselves (`simulator.faults.wire`).
"""

from __future__ import annotations

import asyncio

from simulator.exchange import Reply
from simulator.faults import spoiling, stand_ins, wire
from simulator.faults.fault import named
from simulator.org import Org
from simulator.visit import Handler, Visit


async def answer_with_faults(org: Org, visit: Visit, handler: Handler) -> Reply:
    """Whatever the handler does; the journal has the call, and which faults struck it."""
    faults, target = org.faults, visit.target
    if faults.take("cut_before", target):
        return _noted(org, visit, Reply(0, cut=True))
    instead = stand_ins.find(faults, target)
    if instead and not instead[1].order.get("committed"):
        return _noted(org, visit, instead[0])
    reply = await handler(visit)
    known = len(target.struck) if visit.entry.answered_at is not None else -1
    reply = instead[0] if instead else await _disturbed(org, visit, reply)
    return reply if len(target.struck) == known and not instead else _noted(org, visit, reply)


async def _disturbed(org: Org, visit: Visit, reply: Reply) -> Reply:
    """What happens to the answer of a call that is carried out already."""
    faults, target = org.faults, visit.target
    if faults.take("lost_answer", target, fits=org.journal.changed(visit.entry.number) > 0):
        return Reply(0, cut=True)
    slow = faults.take("slow_answer", target)
    if slow:
        await asyncio.sleep(float(slow.order["seconds"]))
    spoiling.spoil(faults, target, reply)
    reply.wire = wire.ordered(faults, target, reply)
    return reply


def _noted(org: Org, visit: Visit, reply: Reply) -> Reply:
    """Writes the call (again), with what went wrong. A cut call has no status and no answer."""
    entry = visit.entry
    entry.status = None if reply.cut else reply.status
    entry.answered_at = None if reply.cut else org.clock.now()
    entry.detail |= named(visit.target.struck)
    org.journal.note(entry)
    return reply
