"""Users that wait for a person: why, what mends it, and trying again."""

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response

from admin import actions
from admin.access import SignedIn, signed_in
from admin.pages.csv import csv_answer
from admin.pages.page import Page, changing, place, reading, text
from admin.pages.queries import orgs_of, visible
from sync.brake import BRAKED
from sync.errors import NotAllowed
from sync.holds import HELD_BACK
from sync.phrases import counted
from sync.ports.browse import ParkedQuery, every
from sync.rows import PARKED_FIELDS, of_parked


class Parked(Page):
    """The list of parked users."""

    path = "/parked"
    menu_label = "Parked"

    @reading("")
    def index(self, request: Request) -> Response:
        """Who waits, those that wait longest first."""
        person, chosen = signed_in(request), request.query_params
        return self.render(
            request,
            "pages/parked.html",
            chosen=chosen,
            listing=self.services.store.list_parked(_query(person, chosen), place(request)),
            orgs=orgs_of(self.services, person),
        )

    @reading("/csv")
    def csv(self, request: Request) -> Response:
        """All that the filters find, as CSV."""
        query = _query(signed_in(request), request.query_params)
        return csv_answer(
            "parked", PARKED_FIELDS, map(of_parked, every(self.services.store.list_parked, query))
        )

    @changing("/retry")
    def retry(self, request: Request, form: FormData) -> str:
        """Try users again: those ticked, or all that the filters find but those held back."""
        person, store = signed_in(request), self.services.store
        count = 0
        if form.get("every"):
            query = _query(person, QueryParams(text(form, "query", 4000)))
            held_back = (HELD_BACK, BRAKED)
            found = [
                one
                for one in every(self.services.store.list_parked, query)
                if one.code not in held_back
            ]
            for org in sorted({one.org for one in found}):
                ids = [one.user_id for one in found if one.org == org]
                count += actions.retry_parked(store, person, org, ids)
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


def _query(person: SignedIn, chosen: QueryParams) -> ParkedQuery:
    return ParkedQuery(
        orgs=visible(person, text(chosen, "org")),
        code=text(chosen, "code") or None,
        search=text(chosen, "q"),
    )
