"""Plans of adoptions and undos that a person approved, carried out by the workers.

An adoption ends with an armed org: users that moved meanwhile are planned again under the same
approval, a few times; then a person is asked again.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sync.adoption import Adopter
from sync.ports.runs import Run, RunKind, RunStatus, RunStore
from sync.reconcile import PASS_SECONDS

ROUNDS = 3
"""How often an adoption plans users again that moved meanwhile."""


@dataclass(frozen=True, slots=True)
class Applier:
    """Carries out approved plans of one org. `arm` lets workers write in a person's name."""

    adopter: Adopter
    runs: RunStore
    monotonic: Callable[[], float]
    arm: Callable[[str], None]

    def go_on(self, run: Run, seconds: float = PASS_SECONDS) -> Run | None:
        """Carry a plan out for a while; None if somebody else does it."""
        until, by = self.monotonic() + seconds, run.applied_by or run.started_by
        report = self.adopter.apply(run.id, by, is_time_up=lambda: self.monotonic() > until)
        if report is None:
            return None
        if report.is_done and run.kind is RunKind.ADOPT:
            self.runs.create_run(run.org, RunKind.ADOPT, run.fingerprint, by, of_run=run.id)
        return self.runs.run(run.id)

    def planned_again(self, run: Run) -> None:
        """What a finished plan after an adoption says: arm, adopt the rest, or ask a person."""
        if run.kind is not RunKind.ADOPT or run.of_run is None or run.status is not RunStatus.DONE:
            return
        if not self._is_left(run):
            self.arm(run.started_by)
        elif self._round(run) < ROUNDS:
            self.runs.approve_run(run.id, run.started_by)

    def _is_left(self, run: Run) -> bool:
        """Whether somebody still does not request what they hold, or cannot be read."""
        after_id = ""
        while items := self.runs.items(run.id, after_id):
            if any(i.after is None or i.requested != i.requested_after for i in items):
                return True
            after_id = items[-1].user_id
        return False

    def _round(self, run: Run) -> int:
        count = 0
        while run.of_run is not None:
            run, count = self.runs.run(run.of_run), count + 1
        return count
