"""What a batch has seen: records as they stand now, for the store to remember.

Pure, and nobody's decision rests on it: the next look at a user sees for itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sync.model import Flags, License, Licenses, UserRecord
from sync.outcomes import Result
from sync.ports.salesforce import RecordWrite, Written
from sync.steps import Step


def sightings(steps: Iterable[Step], results: Mapping[str, Result]) -> list[UserRecord]:
    """The records of a batch, those that were written as they were written."""
    return [_now(step, results.get(step.user.user_id)) for step in steps]


def _now(step: Step, result: Result | None) -> UserRecord:
    is_written = result is not None and result.answer.written is Written.DONE
    if step.write is None or not is_written:
        return step.record
    return as_written(step.record, step.write)


def as_written(record: UserRecord, write: RecordWrite) -> UserRecord:
    """The record with what a write put there; its stamps are still those of the reading."""
    return replace(
        record,
        requested=_with(record.requested, write.requested),
        held=_with(record.held, write.effective),
        status=record.status if write.status is None else write.status or None,
        message=record.message if write.message is None else write.message or None,
        decided=record.decided if write.decided is None else write.decided or None,
    )


def _with(flags: Flags, changes: Mapping[License, bool]) -> Flags:
    written = Licenses.union(changes)
    on = Licenses.union(license for license, value in changes.items() if value)
    return Flags((flags.on - written) | on, flags.unknown - written)
