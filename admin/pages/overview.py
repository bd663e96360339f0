"""The first page: what waits, how old it is, whether the orgs answer, and the last day's work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from admin.access import signed_in
from admin.pages.chart import chart
from admin.pages.page import Page, reading
from admin.services import OrgView
from config.standing import heartbeats
from sync.heartbeats import patience
from sync.ports.browse import RunQuery
from sync.ports.review import OrgFigures
from sync.ports.runs import Run

HOURS = 24
OLD = timedelta(minutes=10)
"""An oldest pending user of this age is worth somebody's look."""


@dataclass(frozen=True, slots=True)
class OrgRow:
    """One org with what waits in it."""

    org: OrgView
    figures: OrgFigures


class Overview(Page):
    """The overview."""

    path = "/"
    menu_label = "Overview"

    @reading("")
    def index(self, request: Request) -> Response:
        """Figures, orgs, chart and workers."""
        person, store = signed_in(request), self.services.store
        now, figures = store.now(), store.figures()
        orgs = [
            OrgRow(org, figures.get(org.name, OrgFigures(org.name, 0, None, 0, 0, 0)))
            for org in self.services.orgs(person.orgs)
        ]
        ages = [row.figures.oldest_pending_at for row in orgs if row.figures.pending]
        oldest = min((at for at in ages if at is not None), default=None)
        return self.render(
            request,
            "pages/overview.html",
            orgs=orgs,
            conflicts=sum(row.figures.open_conflicts for row in orgs),
            refusals=sum(row.figures.open_refusals for row in orgs),
            parked=sum(row.figures.parked for row in orgs),
            pending=sum(row.figures.pending for row in orgs),
            oldest=oldest,
            is_old=oldest is not None and now - oldest > OLD,
            chart=chart(store.activity(person.orgs, HOURS)),
            workers=self._workers(now),
            runs=self._runs(person.orgs),
        )

    def _workers(self, now: datetime) -> list[tuple[str, datetime, bool]]:
        beats = heartbeats(self.services.runtime)
        return [(name, at, now - at < patience(name)) for name, at in beats.items()]

    def _runs(self, orgs: frozenset[str] | None) -> tuple[Run, ...]:
        return self.services.store.list_runs(RunQuery(orgs=orgs)).rows[:5]
