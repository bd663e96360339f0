"""Who calls: found by the token alone, before anything else of the request is read.

No cookie is looked at, so no other site can make a browser call in somebody's name.
"""

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, get_origin

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from admin.access import Refused, SignedIn
from admin.actions import check_change, check_sight
from admin.api.errors import Unauthenticated
from admin.services import Services
from sync.errors import UnknownReference

Authenticate = Callable[[str], SignedIn | None]
"""From a token to who it is for; None for one that is no good."""

LONGEST_TOKEN = 1000

bearer = HTTPBearer(auto_error=False, description="A token that an admin made.")
"""Only for the description: `TokenRoute` is what asks for it."""


class TokenRoute(APIRoute):
    """An operation that nobody reaches without a token, or changes anything without the role."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The operation behind its check."""
        answer, lists = super().get_route_handler(), self._lists()

        async def checked(request: Request) -> Response:
            person = await run_in_threadpool(_person, request)
            request.state.caller = person
            if request.method != "GET" and not person.may_change:
                raise Refused("This token may look but not change: use one of an admin.")
            _refuse_repeated(request, lists)
            return await answer(request)

        return checked

    def _lists(self) -> frozenset[str]:
        """What of its query may be said several times."""
        models = (field.field_info.annotation for field in self.dependant.query_params)
        return frozenset(
            name
            for model in models
            if isinstance(model, type) and issubclass(model, BaseModel)
            for name, field in model.model_fields.items()
            if get_origin(field.annotation) is list
        )


def _refuse_repeated(request: Request, lists: frozenset[str]) -> None:
    """Of two orgs that a query names, the first would go unheard."""
    said = Counter(name for name, _ in request.query_params.multi_items())
    for name, times in said.items():
        if times > 1 and name not in lists:
            fault = {"type": "repeated", "loc": ("query", name), "msg": "say it once"}
            raise RequestValidationError([fault])


def _person(request: Request) -> SignedIn:
    authenticate: Authenticate = request.app.state.authenticate
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("Send a token: Authorization: Bearer TOKEN.")
    person = authenticate(token) if len(token) <= LONGEST_TOKEN else None
    if person is None:
        raise Unauthenticated("This token is no good, or was revoked: make a new one.")
    return person


def _caller(request: Request) -> SignedIn:
    person = request.state.caller
    assert isinstance(person, SignedIn)
    return person


def _services(request: Request) -> Services:
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


Caller = Annotated[SignedIn, Depends(_caller)]
TheServices = Annotated[Services, Depends(_services)]


def orgs_to_read(person: SignedIn, org: str | None) -> frozenset[str] | None:
    """The orgs that a listing looks in; Refused for one that they may not see."""
    if org is None:
        return person.orgs
    check_sight(person, org)
    return frozenset({org})


def org_to_change(services: Services, person: SignedIn, org: str) -> str:
    """A configured org that they may change; Refused, UnknownReference."""
    check_change(person, org)
    return _configured(services, org)


def org_to_see(services: Services, person: SignedIn, org: str) -> str:
    """A configured org that they may see; Refused, UnknownReference."""
    check_sight(person, org)
    return _configured(services, org)


def _configured(services: Services, org: str) -> str:
    if org not in services.runtime.org_names:
        raise UnknownReference(f"There is no org {org}: GET /api/orgs lists those there are.")
    return org
