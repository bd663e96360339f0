"""The append-only history: what was written to whom, by whose doing, and why."""

from itertools import islice

from starlette.requests import Request
from starlette.responses import Response

from admin.access import signed_in
from admin.pages.csv import csv_answer
from admin.pages.page import Page, place, reading, text
from admin.pages.queries import day, one_of, orgs_of, visible
from sync.model import License
from sync.ports.browse import HistoryQuery, every
from sync.ports.history import HistoryOutcome
from sync.ports.pending import Cause
from sync.rows import HISTORY_FIELDS, of_history

CSV_ROWS = 100_000
"""Rows of one file; narrow the filters for the rest."""


class HistoryPage(Page):
    """The history with its filters."""

    path = "/history"
    menu_label = "History"

    @reading("")
    def index(self, request: Request) -> Response:
        """Rows, newest first."""
        listing = self.services.store.list_history(self._query(request), place(request))
        return self.render(
            request,
            "pages/history.html",
            chosen=request.query_params,
            listing=listing,
            history=listing.rows,
            actors=self.actors(listing.rows),
            with_users=True,
            causes=[cause.value for cause in Cause],
            outcomes=[outcome.value for outcome in HistoryOutcome],
            orgs=orgs_of(self.services, signed_in(request)),
        )

    @reading("/csv")
    def csv(self, request: Request) -> Response:
        """What the filters find, as CSV."""
        rows = (
            of_history(row)
            for row in islice(
                every(self.services.store.list_history, self._query(request)), CSV_ROWS
            )
        )
        return csv_answer("history", HISTORY_FIELDS, rows)

    def _query(self, request: Request) -> HistoryQuery:
        chosen = request.query_params
        cause = one_of(Cause, chosen.get("cause", ""))
        outcome = one_of(HistoryOutcome, chosen.get("outcome", ""))
        return HistoryQuery(
            orgs=visible(signed_in(request), text(chosen, "org")),
            search=text(chosen, "q"),
            causes=(cause,) if cause else (),
            actor=text(chosen, "actor") or None,
            license=one_of(License, chosen.get("license", "")),
            outcomes=(outcome,) if outcome else (),
            since=day(chosen.get("since", "")),
            until=day(chosen.get("until", "")),
        )
