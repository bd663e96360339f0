"""What all pages share: reading a request, answering with a template, carrying out a change."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette_admin import CustomView
from starlette_admin.flash import flash, get_flashed_messages
from starlette_admin.routing import route

from admin.access import Refused, SignedIn, require_change, signed_in
from admin.services import Services
from admin.signin.places import own_path
from sync.errors import SyncError, UnknownReference
from sync.ports.browse import Place
from sync.ports.history import HistoryRow

log = logging.getLogger(__name__)

PAGE_SIZE = 50

ThePage = TypeVar("ThePage", bound="Page")


class Page(CustomView):
    """A page of the site. Its handlers run in a thread, since the store is synchronous."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    def actors(self, rows: Iterable[HistoryRow]) -> dict[tuple[str, str], str]:
        """The names of those whose edits caused these rows, as far as they are known users."""
        return self.services.store.names_of([(row.org, row.intent.actor) for row in rows])

    def render(
        self, request: Request, template: str, status_code: int = 200, **context: Any
    ) -> Response:
        """The template, with what every page shows."""
        assert self.templates is not None
        person = signed_in(request)
        shared = {
            "person": person,
            "page": self,
            "brakes": [b for b in self.services.store.brakes() if person.sees(b.org)],
            "several_orgs": len(self.services.runtime.org_names) > 1,
            "flashed_messages": get_flashed_messages(request),
            "now": self.services.store.now(),
            "with_users": False,
        }
        return self.templates.TemplateResponse(
            request, template, shared | context, status_code=status_code
        )


def reading(
    path: str,
) -> Callable[[Callable[[ThePage, Request], Response]], Any]:
    """A page that is read. What is not there is 404, and what may not be seen 403."""

    def wrap(read: Callable[[ThePage, Request], Response]) -> Any:
        @route(path, name=_name(read))
        async def endpoint(self: ThePage, request: Request) -> Response:
            try:
                return await run_in_threadpool(read, self, request)
            except UnknownReference as error:
                raise HTTPException(404, str(error)) from error
            except Refused as error:
                raise refusal(request, error) from error
            except SyncError as error:
                raise HTTPException(503, str(error)) from error

        return endpoint

    return wrap


def changing(path: str) -> Callable[[Callable[[ThePage, Request, FormData], str | Response]], Any]:
    """A change: it returns what was done as a sentence, and the browser goes back to the page.

    What could not be done is said on that page; what may not be done is 403 and logged. A change
    may return a page itself, for what can be seen only once.
    """

    def wrap(change: Callable[[ThePage, Request, FormData], str | Response]) -> Any:
        @route(path, methods=["POST"], name=_name(change))
        async def endpoint(self: ThePage, request: Request) -> Response:
            form = await request.form()
            try:
                _check(self.services, request)
                done = await run_in_threadpool(change, self, request, form)
            except Refused as error:
                raise refusal(request, error) from error
            except UnknownReference as error:
                raise HTTPException(404, str(error)) from error
            except SyncError as error:
                flash(request, str(error), "error")
            else:
                if isinstance(done, Response):
                    return done
                flash(request, done, "success")
            return RedirectResponse(_back_to(request, form), status_code=303)

        return endpoint

    return wrap


def _check(services: Services, request: Request) -> None:
    """Refused for who may change nothing, or nothing of the org in the path; UnknownReference."""
    org = request.path_params.get("org")
    if org is not None:
        require_change(request, org)
        if org not in services.runtime.org_names:
            raise UnknownReference(f"There is no org {org}.")
    elif not signed_in(request).may_change:
        raise Refused("Your account may look but not change: ask an admin.")


def _name(handler: Callable[..., object]) -> str:
    """The route's name: the module's and the handler's."""
    return f"{handler.__module__.rpartition('.')[2]}-{handler.__name__}"


def refusal(request: Request, error: Refused) -> HTTPException:
    """The 403 for what somebody may not do, after a line in the log."""
    person = getattr(request.state, "admin_user", None)
    name = person.username if isinstance(person, SignedIn) else "nobody"
    log.warning("refused %r %s %r: %s", name, request.method, request.url.path, error)
    return HTTPException(403, str(error))


def _back_to(request: Request, form: FormData) -> str:
    """Where the form says that it stood, if that is a page of ours; else where it was sent."""
    where = form.get("back")
    if isinstance(where, str) and own_path(where, ()) is not None:
        return where
    return request.url.path.rpartition("/")[0] or "/"


def text(values: Mapping[str, Any], name: str, limit: int = 255) -> str:
    """A field of a query or a form as one line; empty if it is not there."""
    value = values.get(name)
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").strip()[:limit]


def place(request: Request, limit: int = PAGE_SIZE) -> Place:
    """The page of a listing that the query asks for."""
    query = request.query_params
    return Place(query.get("after") or None, query.get("before") or None, limit)


def link(request: Request, **changes: str | None) -> str:
    """This page with other query fields; None takes one away."""
    query = {k: v for k, v in request.query_params.multi_items() if k not in changes}
    query |= {name: value for name, value in changes.items() if value}
    encoded = urlencode(query)
    return f"{request.url.path}?{encoded}" if encoded else request.url.path
