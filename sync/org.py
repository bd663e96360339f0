"""What a worker does for one org: look, settle, run, arm; and what it does when that fails.

Every failure ends here as a sentence in the org's state, and is taken back by the next success.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from sync import arming
from sync.adoption import Adopter
from sync.applying import Applier
from sync.budget import SANE_BUDGET, Budget, Stage
from sync.errors import CallFailed, Failure, LeaseLost, Remedy
from sync.metering import SANE_NET, Meter, Net, UsageStore
from sync.nightly import is_due
from sync.ports.brake import SANE_LIMITS, Limits
from sync.ports.orgs import OrgState, OrgStore
from sync.ports.pending import Priority
from sync.ports.runs import Run, RunKind, RunStatus, RunStore
from sync.ports.salesforce import OrgGateway
from sync.ports.scans import IntakeStore
from sync.ports.settling import WRITES_PER_HOUR, SettleStore
from sync.reconcile import Progress, Reconciler
from sync.retrying import PROBLEM_SECONDS, Jitter, org_delay
from sync.rules import Rulebook
from sync.scan import OVERLAP, Scanner, ScanReport
from sync.settle import Settler, SettleReport

SCHEMA_SECONDS = 300.0
"""How long a process trusts its last look at the org's schema."""

ITSELF = "itself"
"""Who arms an org whose plan removes nothing."""

FIELD_CODES = ("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE")
"""Codes that may come of a field that is missing, hidden or read-only."""

QUOTA_CODE = "REQUEST_LIMIT_EXCEEDED"
"""With STOP_ORG it is the day's quota; the limit of calls at once is only tried again."""

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class _RunWaits(Exception):
    """A run that failed waits by itself: live edits go on, and trouble of theirs stays."""


class OrgStores(OrgStore, IntakeStore, RunStore, SettleStore, UsageStore, Protocol):
    """All that an org needs of the store."""


@dataclass(slots=True)
class Org:
    """One org with its collaborators. `layout` is the canonical text of its layout."""

    name: str
    store: OrgStores
    gateway: OrgGateway
    rulebook: Rulebook
    layout: str
    jitter: Jitter
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    limits: Limits = SANE_LIMITS
    budget: Budget = SANE_BUDGET
    writes_per_hour: int = WRITES_PER_HOUR
    net: Net = SANE_NET
    meter: Meter = field(init=False)
    _schema_good_until: float = field(default=float("-inf"), init=False)
    _fingerprints: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self.name, self.store, self.budget)

    def fingerprint(self) -> str:
        """The fingerprint of what would be written where; logs in if need be."""
        return self.fingerprint_in(self.gateway.organization_id())

    def fingerprint_in(self, organization_id: str) -> str:
        """The fingerprint if the login leads to this organization; no network."""
        if organization_id not in self._fingerprints:
            approvable = arming.Approvable(
                organization_id=organization_id,
                policy=self.rulebook.policy.canonical(),
                features=self.rulebook.features,
                layout=self.layout,
            )
            self._fingerprints[organization_id] = approvable.fingerprint
        return self._fingerprints[organization_id]

    def mode(self, state: OrgState) -> arming.Mode:
        """The org's mode as far as the store knows; no network."""
        known = state.organization_id
        return arming.mode(state, self.fingerprint_in(known) if known else None)

    def poll(self) -> ScanReport | None:
        """Look for changes, and bring the org nearer to being armed; None: not now."""
        state = self.store.state(self.name)
        is_time = self.meter.may_look(state, state.last_poll_at, self.net.poll_seconds)
        return self._guarded(self._poll) if is_time else None

    def overlap(self) -> ScanReport | None:
        """Come back over what the poll may have passed; None: not now."""
        state, last = self.store.state(self.name), self.store.finished_at(self.name, OVERLAP)
        if not self.meter.may_look(state, last, self.net.overlap_seconds):
            return None
        return self._guarded(lambda: self._scanner().overlap())

    def may_run(self) -> bool:
        """Whether runs that nobody waits for may call the org now; no network."""
        state = self.store.state(self.name)
        rests = state.problem_until is not None and self.store.now() < state.problem_until
        return not rests and self.meter.stage(state) is Stage.FREE

    def settle(self, priority: Priority, limit: int) -> SettleReport | None:
        """Settle one batch of due users; None when nothing is due or nothing may be written."""
        return self._guarded(lambda: self._settle(priority, limit))

    def carry_out(self, run_id: int, progress: Progress = lambda _: None) -> Run | None:
        """Do a queued run; None if somebody else does it, or not now."""
        return self._guarded(lambda: self._carry_out(run_id, progress))

    def queue_run(self, kind: RunKind, by: str, user_ids: Sequence[str] = ()) -> int:
        """Queue a run under today's fingerprint; its id."""
        return self.store.create_run(self.name, kind, self.fingerprint(), by, user_ids)

    def queue_nightly(self, hour: int) -> int | None:
        """Queue a reconcile of an armed org if none was queued since `hour` (UTC) last passed.

        Asked every few minutes, so that a night that nobody was up for is caught up; no network.
        """
        fingerprint = self.store.state(self.name).armed_fingerprint
        if fingerprint is None:
            return None
        latest = self.store.latest_run(self.name, RunKind.RECONCILE, fingerprint)
        if not is_due(latest, hour, self.store.now()):
            return None
        return self.store.create_run(self.name, RunKind.RECONCILE, fingerprint, by="schedule")

    def reconciler(self) -> Reconciler:
        """What carries out this org's runs."""
        return Reconciler(
            org=self.name,
            runs=self.store,
            intake=self.store,
            reader=self.gateway.reader,
            rulebook=self.rulebook,
            fingerprint=self.fingerprint(),
            monotonic=self.monotonic,
        )

    def adopter(self) -> Adopter:
        """What writes the requests of an adoption or an undo."""
        reader, writer, policy = self.gateway.reader, self.gateway.writer, self.rulebook.version
        return Adopter(self.name, self.store, self.store, reader, writer, policy, self.sleep)

    def ready(self) -> str | None:
        """Log in and look at the schema; the sentence that says what is wrong, or None."""
        return self._ready(self.store.state(self.name))

    def readable(self) -> str | None:
        """The same for who only reads: any organization's plan may be looked at."""
        self.gateway.organization_id()
        return self._schema_problem()

    def _ready(self, state: OrgState) -> str | None:
        organization_id = self.gateway.organization_id()
        if state.organization_id not in (None, organization_id):
            # This process may remember a login from before the approval, or from after the refresh.
            self.gateway.forget_login()
            organization_id = self.gateway.organization_id()
        if state.organization_id is None:
            state = self.store.meet(self.name, organization_id)
        return arming.organization_problem(state, organization_id) or self._schema_problem()

    def _guarded(self, act: Callable[[], _T | None]) -> _T | None:
        """Do it unless the org is in trouble; remember trouble, and forget it on success."""
        state = self.store.state(self.name)
        if state.problem_until is not None and self.store.now() < state.problem_until:
            return None
        started = self.monotonic()
        try:
            problem = self._ready(state)
            if problem is not None:
                self._report(problem, PROBLEM_SECONDS)
                return None
            result = act()
        except CallFailed as failed:
            self._failed(failed, took=self.monotonic() - started)
            return None
        except (LeaseLost, _RunWaits):
            return None
        finally:
            self.meter.note(self.gateway.usage, state)
        if state.problem is not None:
            self.store.report_good(self.name)
        return result

    def _poll(self) -> ScanReport | None:
        report = self._scanner().poll()
        self._arm_if_ready()
        return report

    def _settle(self, priority: Priority, limit: int) -> SettleReport | None:
        settler = Settler(
            org=self.name,
            store=self.store,
            reader=self.gateway.reader,
            writer=self.gateway.writer,
            rulebook=self.rulebook,
            own_id=self.gateway.user_id(),
            jitter=self.jitter,
            monotonic=self.monotonic,
            limits=self.limits,
            writes_per_hour=self.writes_per_hour,
        )
        report = settler.settle(self.fingerprint(), priority, limit)
        if report is not None and report.stopped_by is not None:
            raise report.stopped_by
        return report

    def _carry_out(self, run_id: int, progress: Progress) -> Run | None:
        try:
            return self._go_on(self.store.run(run_id), progress)
        except CallFailed as failed:
            if failed.failure.remedy is Remedy.STOP_ORG:
                raise
            log.warning("%s: run %d waits: %s", self.name, run_id, failed)
            raise _RunWaits from failed

    def _go_on(self, run: Run, progress: Progress) -> Run | None:
        applier = Applier(self.adopter(), self.store, self.monotonic, self.arm)
        if run.status is RunStatus.APPLYING:
            return applier.go_on(run)
        done = self.reconciler().carry_out(run.id, progress)
        if done is not None:
            applier.planned_again(done)
        return done

    def _scanner(self) -> Scanner:
        return Scanner(self.name, self.store, self.gateway.reader, self.rulebook)

    def _arm_if_ready(self) -> None:
        state, fingerprint = self.store.state(self.name), self.fingerprint()
        plan = None
        if state.armed_fingerprint != fingerprint:
            plan = self.store.latest_run(self.name, RunKind.PLAN, fingerprint)
        match arming.next_step(state, fingerprint, plan):
            case arming.Next.PLAN:
                self.store.create_run(self.name, RunKind.PLAN, fingerprint, by=ITSELF)
            case arming.Next.ARM:
                self._arm(ITSELF, first=True)

    def arm(self, by: str) -> None:
        """Let workers write, and queue the reconcile that finds what there is to write."""
        self._arm(by, first=False)

    def _arm(self, by: str, *, first: bool) -> None:
        fingerprint = self.fingerprint()
        organization_id = self.gateway.organization_id()
        if self.store.arm(self.name, organization_id, fingerprint, by, first=first):
            self.store.create_run(self.name, RunKind.RECONCILE, fingerprint, by)

    def _schema_problem(self) -> str | None:
        if self.monotonic() < self._schema_good_until:
            return None
        problem = self.gateway.check_schema()
        if problem is None:
            self._schema_good_until = self.monotonic() + SCHEMA_SECONDS
        return problem

    def _failed(self, failed: CallFailed, took: float) -> None:
        failure = failed.failure
        if failure.remedy is Remedy.STOP_ORG:
            self._schema_good_until = float("-inf")
        wait = org_delay(failure, took, self.jitter)
        if failure.code == QUOTA_CODE and failure.remedy is Remedy.STOP_ORG:
            wait = self.budget.probe_seconds
        self._report(self._field_problem(failure) or str(failed), wait)

    def _field_problem(self, failure: Failure) -> str | None:
        """Which field it is, where Salesforce only says that one is wrong."""
        if failure.code not in FIELD_CODES:
            return None
        try:
            return self.gateway.check_schema()
        except CallFailed:
            return None

    def _report(self, problem: str, retry_seconds: float) -> None:
        log.warning("%s: %s", self.name, problem)
        self.store.report_problem(self.name, problem, retry_seconds)
