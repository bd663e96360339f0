"""What may be written to, and what an org that may not waits for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.arming import Approvable, Mode, Next, mode, next_step, organization_problem
from sync.ports.orgs import OrgState
from sync.ports.runs import Run, RunKind, RunStatus
from tests.fakes.org import START

STATE = OrgState(
    org="acme",
    organization_id=None,
    armed_fingerprint=None,
    armed_by=None,
    armed_at=None,
    paused_by=None,
    paused_at=None,
    problem=None,
    problem_until=None,
    api_used=None,
    api_allowed=None,
    last_poll_at=None,
    last_reconcile_at=None,
)
ARMED = replace(STATE, armed_fingerprint="f", armed_by="ada", armed_at=START)
PLAN = Run(
    id=1,
    org="acme",
    kind=RunKind.PLAN,
    status=RunStatus.DONE,
    fingerprint="f",
    started_by="ada",
    created_at=START,
    ended_at=START,
    user_ids=(),
    after_id="",
    users_read=10,
    unsettled=1,
    removals=0,
    grants=1,
    unreadable=0,
    tries=1,
    error=None,
)
APPROVABLE = Approvable("00D1", "policy", frozenset({"scv", "pci"}), "layout")


@pytest.mark.parametrize(
    ("state", "fingerprint", "expected"),
    [
        (STATE, "f", Mode.OBSERVING),
        (ARMED, "f", Mode.ARMED),
        (ARMED, "other", Mode.OBSERVING),
        (ARMED, None, Mode.OBSERVING),
        (STATE, None, Mode.OBSERVING),
        (replace(ARMED, paused_at=START), "f", Mode.PAUSED),
    ],
)
def test_the_mode_of_an_org(state: OrgState, fingerprint: str | None, expected: Mode) -> None:
    assert mode(state, fingerprint) is expected


@pytest.mark.parametrize(
    ("state", "plan", "expected"),
    [
        (ARMED, None, Next.NOTHING),
        (STATE, None, Next.PLAN),
        (STATE, PLAN, Next.ARM),
        (STATE, replace(PLAN, removals=1), Next.PERSON),
        (STATE, replace(PLAN, unreadable=1), Next.PERSON),
        (STATE, replace(PLAN, users_read=0), Next.PERSON),
        (STATE, replace(PLAN, users_read=9), Next.PERSON),
        (STATE, replace(PLAN, users_read=10), Next.ARM),
        (STATE, replace(PLAN, status=RunStatus.RUNNING), Next.NOTHING),
        (STATE, replace(PLAN, status=RunStatus.QUEUED), Next.NOTHING),
        (STATE, replace(PLAN, status=RunStatus.FAILED), Next.PLAN),
        (replace(ARMED, armed_fingerprint="old"), None, Next.PLAN),
        (replace(ARMED, armed_fingerprint="old"), PLAN, Next.PERSON),
    ],
)
def test_what_an_org_waits_for(state: OrgState, plan: Run | None, expected: Next) -> None:
    assert next_step(state, "f", plan) is expected


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "organization_id": st.text(min_size=1),
            "policy": st.text(),
            "features": st.frozensets(st.text()),
            "layout": st.text(),
        },
    )
)
def test_the_fingerprint_changes_exactly_when_what_was_approved_does(
    changes: dict[str, object],
) -> None:
    changed = replace(APPROVABLE, **changes)  # type: ignore[arg-type]
    assert (changed.fingerprint == APPROVABLE.fingerprint) == (changed == APPROVABLE)


def test_the_order_of_features_is_no_change() -> None:
    again = replace(APPROVABLE, features=frozenset({"pci", "scv"}))
    assert again.fingerprint == APPROVABLE.fingerprint


def test_another_organization_behind_the_login_is_said_in_one_sentence() -> None:
    known = replace(STATE, organization_id="00D1")
    assert organization_problem(STATE, "00D2") is None
    assert organization_problem(known, "00D1") is None
    sentence = organization_problem(known, "00D2")
    assert sentence is not None
    assert "00D1" in sentence
    assert "orgs approve acme" in sentence
