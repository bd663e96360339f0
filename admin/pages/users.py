"""Users of every org as last seen: what they ask, hold and should hold, and why."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from admin import actions
from admin.access import require_sight, signed_in
from admin.pages.page import Page, changing, place, reading, text
from admin.pages.queries import orgs_of, visible
from sync.errors import UnknownReference
from sync.ports.browse import EntryQuery, HistoryQuery, Place, UserQuery
from sync.ports.conflict_log import EntryStatus


class Users(Page):
    """The search, and one user."""

    path = "/users"
    menu_label = "Users"

    @reading("")
    def index(self, request: Request) -> Response:
        """Users that match."""
        person, chosen = signed_in(request), request.query_params
        query = UserQuery(orgs=visible(person, text(chosen, "org")), search=text(chosen, "q"))
        return self.render(
            request,
            "pages/users.html",
            chosen=chosen,
            listing=self.services.store.list_users(query, place(request)),
            orgs=orgs_of(self.services, person),
        )

    @reading("/{org}/{user_id}")
    def show(self, request: Request) -> Response:
        """One user with everything that is known."""
        org, user_id = request.path_params["org"], request.path_params["user_id"]
        require_sight(request, org)
        store, only = self.services.store, frozenset({org})
        known, waiting = store.known_user(org, user_id), store.waiting(org, user_id)
        history = store.list_history(HistoryQuery(orgs=only, user_id=user_id), Place(limit=30))
        entries = store.list_entries(
            EntryQuery(orgs=only, user_id=user_id, statuses=tuple(EntryStatus)), Place(limit=20)
        )
        if known is None and waiting is None and not history.rows and not entries.rows:
            raise UnknownReference(
                f"{org} has no user {user_id} that license-sync has seen: a new user shows here "
                "after the next poll, an old one after the next reconcile."
            )
        return self.render(
            request,
            "pages/user.html",
            org=org,
            user_id=user_id,
            known=known,
            waiting=waiting,
            explained=actions.explained(self.services, org, user_id),
            history=history.rows,
            actors=self.actors(history.rows),
            entries=entries.rows,
            record_url=actions.record_url(self.services, org, user_id),
        )

    @changing("/{org}/{user_id}/reconcile")
    def reconcile(self, request: Request, _form: FormData) -> str:
        """Have the worker look at this user now."""
        org, user_id = request.path_params["org"], request.path_params["user_id"]
        actions.reconcile_user(self.services.store, signed_in(request), org, user_id)
        return "The worker reads this user now, and writes what differs."
