"""What the API says of orgs and of the whole program: the documents of `config.standing`."""

from typing import Annotated

from pydantic import Field

from admin.api.shapes import Shape, Time
from sync.arming import Mode


class BrakeShape(Shape):
    """A brake that holds removals."""

    org: str
    tripped_at: Time
    tripped_by: str
    reason: str
    users: int
    licenses: int
    sentence: str


class WithinShape(Shape):
    """Limits in seconds below which half and nearly all took; null before the first."""

    median: float | None
    p99: float | None


class WithinDocument(Shape):
    """How long it took from an edit's commit until it was noticed, and from there until written."""

    noticed: WithinShape
    written: WithinShape


class ListeningShape(Shape):
    """How well an org tells of its changes. Where it does not work, polling finds them."""

    works: bool
    problem: str | None
    topic: str | None
    since: Time | None
    heard_at: Time | None
    position_at: Time | None
    events: int
    mattered: int
    within_seconds: WithinDocument


class OrgShape(Shape):
    """A configured org; `mode` is unusable where its settings are. `waits_for`: what is to do."""

    org: str
    mode: Mode | Annotated[str, Field(pattern="^unusable$")]
    organization_id: str | None
    armed_by: str | None
    armed_at: Time | None
    paused_by: str | None
    paused_at: Time | None
    last_poll_at: Time | None
    last_reconcile_at: Time | None
    api_used: int | None
    api_allowed: int | None
    problem: str | None
    listening: ListeningShape | None
    budget: str | None
    run_problem: str | None
    waits_for: str
    brake: BrakeShape | None


class WorkerShape(Shape):
    """When a part of license-sync last made progress."""

    at: Time
    alive: bool


class StatusDocument(Shape):
    """What waits, in all and by org, and whether anybody works."""

    at: Time
    pending: int
    parked: int
    open_conflicts: int
    open_refusals: int
    orgs: dict[str, dict[str, object]]
    workers: dict[str, WorkerShape]
