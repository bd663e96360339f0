"""Puts the org behind its URLs."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.bulk1.front import AsyncGateway
from simulator.control import Control
from simulator.errors import not_found
from simulator.exchange import Reply, read_exchange, send_reply
from simulator.gateway import Gateway
from simulator.oauth import authorize, discovery, grants, person, upkeep
from simulator.oauth.answers import refusing
from simulator.org import Org
from simulator.soap.endpoint import soap
from simulator.unmetered import Resource, Unmetered

READ, READ_OR_FORM = ("GET",), ("GET", "POST")
OAUTH: dict[str, tuple[Resource, tuple[str, ...]]] = {
    "/services/oauth2/token": (grants.token, ()),
    "/services/oauth2/authorize": (authorize.authorize, READ_OR_FORM),
    "/services/oauth2/userinfo": (person.userinfo, READ_OR_FORM),
    "/services/oauth2/introspect": (upkeep.introspect, ("POST",)),
    "/services/oauth2/revoke": (upkeep.revoke, READ_OR_FORM),
    "/.well-known/openid-configuration": (discovery.configuration, READ),
    "/id/keys": (discovery.keys, READ),
    "/id/{rest:path}": (person.identity, READ_OR_FORM),
}
SOAP = ("/services/Soap/{rest:path}", "/services/soap/{rest:path}")


def make_app(org: Org, *, control: bool) -> Starlette:
    gateway = Gateway(org)
    routes: list[BaseRoute] = [_all("/services/data{rest:path}", gateway)]
    routes.append(_all("/services/async{rest:path}", AsyncGateway(org)))
    routes += [
        _all(path, Unmetered(org, refusing(resource), methods))
        for path, (resource, methods) in OAUTH.items()
    ]
    routes += [_all(path, Unmetered(org, soap)) for path in SOAP]
    if control:
        routes.append(_all("/__control__/{rest:path}", Control(org, gateway)))
    routes.append(_all("/{rest:path}", _Nothing(org)))
    return Starlette(routes=routes)


def _all(path: str, app: ASGIApp) -> Route:
    """A route for every method: which ones are allowed is the resource's own affair."""
    return Route(path, endpoint=app)


class _Nothing:
    """Any other path: the recorded answer for what does not exist."""

    def __init__(self, org: Org) -> None:
        self._org = org

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        await send_reply(exchange, Reply(404, not_found().body()), self._org.clock, scope, send)
