"""Whether an org may be written to: only under what a person approved, or what removes nothing.

The approval is a fingerprint of everything that decides what would be written and where.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from sync.ports.orgs import OrgState
from sync.ports.runs import Run, RunStatus

SEEN_AT_LEAST = 10
"""Users that a plan must have read: who may not see others sees itself, and perhaps a few."""


@dataclass(frozen=True, slots=True)
class Approvable:
    """What an approval covers. `policy` and `layout` are canonical texts, scope included."""

    organization_id: str
    policy: str
    features: frozenset[str]
    layout: str

    @property
    def fingerprint(self) -> str:
        """A short text that changes when any of it does."""
        parts = [self.organization_id, self.policy, sorted(self.features), self.layout]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


class Mode(StrEnum):
    """What license-sync does in an org."""

    OBSERVING = "observing"
    ARMED = "armed"
    PAUSED = "paused"


class Next(StrEnum):
    """What an org that is not armed waits for."""

    PLAN = "a plan"
    ARM = "nothing: it arms itself"
    PERSON = "a person's approval"
    NOTHING = "nothing"


def mode(state: OrgState, fingerprint: str | None) -> Mode:
    """The org's mode under this fingerprint (None: it is not known who answers)."""
    if state.paused_at is not None:
        return Mode.PAUSED
    if state.armed_fingerprint is None or state.armed_fingerprint != fingerprint:
        return Mode.OBSERVING
    return Mode.ARMED


def next_step(state: OrgState, fingerprint: str, plan: Run | None) -> Next:
    """What brings the org further; `plan` is the newest plan under this fingerprint.

    Only an org that never was armed arms itself, and only when its plan removes no license. A plan
    that saw hardly anybody, or somebody with flags that cannot be read, says nothing about that:
    where the integration user may not see users, Salesforce's answer is empty and no error.
    """
    if state.armed_fingerprint == fingerprint:
        return Next.NOTHING
    if plan is None or plan.status is RunStatus.FAILED:
        return Next.PLAN
    if plan.status is not RunStatus.DONE:
        return Next.NOTHING
    says_enough = plan.users_read >= SEEN_AT_LEAST and plan.unreadable == 0
    if state.armed_at is None and plan.removals == 0 and says_enough:
        return Next.ARM
    return Next.PERSON


def organization_problem(state: OrgState, organization_id: str) -> str | None:
    """The sentence for an org whose login now leads to another organization."""
    if state.organization_id is None or state.organization_id == organization_id:
        return None
    return (
        f"{state.org}: the login now leads to organization {organization_id}, "
        f"not {state.organization_id}, so nothing is written: correct the login, or approve "
        f"the new organization with `license-sync orgs approve {state.org}`."
    )
