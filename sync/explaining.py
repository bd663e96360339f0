"""What the rules make of a record, license by license, for whoever asks why."""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.holds import held_back, said_on_record
from sync.intake import case_of, is_settled
from sync.model import CATALOGUE, Decision, License, Licenses, UserRecord
from sync.ports.conflict_log import Entry
from sync.rules import Rulebook


@dataclass(frozen=True, slots=True)
class LicenseRow:
    """One license: requested and held as yes, no or unknown; should hold also as held back or
    not written; and the rules' sentences about it.
    """

    license: License
    requested: str
    held: str
    should: str
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record with what is decided of it. `statement` is what the record shall say."""

    record: UserRecord
    decision: Decision
    held_back: Licenses
    is_settled: bool
    status: str
    statement: str
    rows: tuple[LicenseRow, ...]


def explain(
    record: UserRecord, entries: Sequence[Entry], hold: Licenses, rulebook: Rulebook
) -> Explanation:
    """Decide a record as a settle would, and say why. `entries` are the living ones."""
    living = tuple(entries)
    decision = rulebook.decide(case_of(record, living))
    staying = held_back(hold, record, decision)
    status, message = said_on_record(decision, staying)
    return Explanation(
        record=record,
        decision=decision,
        held_back=staying,
        is_settled=is_settled(record, decision, living, rulebook.version, hold),
        status=status.value,
        statement=f"{status.value}. {message}".strip(),
        rows=tuple(_row(record, decision, staying, license) for license in CATALOGUE),
    )


def _row(record: UserRecord, decision: Decision, staying: Licenses, license: License) -> LicenseRow:
    if decision.effective is None:
        should = "not written"
    elif license in staying:
        should = "held back"
    else:
        should = "yes" if license in decision.effective else "no"
    why = " ".join(f.message for f in decision.findings if license in f.licenses)
    return LicenseRow(
        license,
        _word(license, record.requested.on, record.requested.unknown),
        _word(license, record.held.on, record.held.unknown),
        should,
        why,
    )


def _word(license: License, on: Licenses, unknown: Licenses) -> str:
    if license in unknown:
        return "unknown"
    return "yes" if license in on else "no"
