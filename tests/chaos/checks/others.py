"""I5, I8, I9: a second look finds nothing, another org has its peace, nothing is given away."""

from tests.chaos.checks.evidence import CalmEdit, Evidence
from tests.chaos.checks.verdict import Verdict

PEACE_SECONDS = 20.0
"""How long an edit of the other org may take while only the first one is in trouble."""

TROUBLE_SECONDS = 120.0
"""The same after the whole machine was: leases and the supervisor's patience are waited for."""


def check_twice(verdict: Verdict, evidence: Evidence) -> None:
    """I5. Who is parked is looked at again, and may be unsettled still."""
    again, parked = evidence.reconciled, len(evidence.parked())
    if again.users_read < len(evidence.end):
        verdict.broken("I5", f"the second reconcile read {again.users_read} users, not all")
    if again.unsettled > parked:
        verdict.broken("I5", f"a second reconcile found {again.unsettled} users unsettled")
    for write in again.writes:
        verdict.broken("I5", f"a second reconcile wrote: {write}")


def check_isolation(verdict: Verdict, evidence: Evidence) -> None:
    """I8."""
    for edit in evidence.calm:
        verdict.figures["calm_edits"] += 1
        verdict.figures["calm_edits_in_peace"] += edit.troubled_at is None
        if edit.settled_at is None:
            verdict.broken("I8", f"the edit of {edit.user_id} in the calm org was never settled")
        elif edit.settled_at > _bound(edit):
            took = edit.settled_at - edit.at
            verdict.broken("I8", f"the calm org waited {took:.1f} s for {edit.user_id}")


def _bound(edit: CalmEdit) -> float:
    if edit.troubled_at is None:
        return edit.at + PEACE_SECONDS
    return edit.troubled_at + TROUBLE_SECONDS


def check_secrets(verdict: Verdict, evidence: Evidence) -> None:
    """I9."""
    for place in evidence.secrets:
        verdict.broken("I9", f"a secret is in {place}")
