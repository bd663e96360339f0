"""Users that wait for a person: why, what mends it, and trying again."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from admin import actions
from admin.access import signed_in
from admin.pages.csv import csv_answer
from admin.pages.page import Page, changing, place, reading, text
from admin.pages.queries import orgs_of, visible
from sync.errors import NotAllowed
from sync.phrases import counted
from sync.ports.browse import ParkedQuery
from sync.rows import PARKED_FIELDS, of_parked


class Parked(Page):
    """The list of parked users."""

    path = "/parked"
    menu_label = "Parked"

    @reading("")
    def index(self, request: Request) -> Response:
        """Who waits, those that wait longest first."""
        person, chosen = signed_in(request), request.query_params
        query = ParkedQuery(
            orgs=visible(person, text(chosen, "org")),
            code=text(chosen, "code") or None,
            search=text(chosen, "q"),
        )
        listing = self.services.store.list_parked(query, place(request))
        return self.render(
            request,
            "pages/parked.html",
            chosen=chosen,
            listing=listing,
            orgs=orgs_of(self.services, person),
        )

    @reading("/csv")
    def csv(self, request: Request) -> Response:
        """All that somebody may see, as CSV."""
        person = signed_in(request)
        rows = (of_parked(p) for p in self.services.store.parked() if person.sees(p.org))
        return csv_answer("parked", PARKED_FIELDS, rows)

    @changing("/retry")
    def retry(self, request: Request, form: FormData) -> str:
        """Try users again: those ticked, or all of an org but those held back."""
        person, store = signed_in(request), self.services.store
        if form.get("every"):
            orgs = [text(form, "org")] if text(form, "org") else orgs_of(self.services, person)
            count = sum(actions.retry_parked(store, person, org, ()) for org in orgs)
        else:
            chosen: dict[str, list[str]] = {}
            for value in form.getlist("id"):
                org, _, user_id = str(value).partition(":")
                chosen.setdefault(org, []).append(user_id)
            if not chosen:
                raise NotAllowed("Nobody is chosen: tick the rows that you mean.")
            count = sum(
                actions.retry_parked(store, person, org, ids) for org, ids in chosen.items()
            )
        return f"{counted(count, 'user')} tried again now."
