"""Tokens and sign-ins, and the org's own id, which every session hangs on."""

from __future__ import annotations

from typing import Any

from simulator import ids
from simulator.control.orders import BadOrder, id_by_username, order_of
from simulator.exchange import Exchange
from simulator.ids import to_18
from simulator.oauth.answers import token_answer
from simulator.openid import DEFECTS
from simulator.org import Org
from simulator.people import Secret


def token(org: Org, exchange: Exchange) -> Any:
    order, now = order_of(exchange), org.clock.now()
    people = {"admin": org.admin_id, "integration": org.integration_id}
    user = order.get("user", "admin")
    user_id = people.get(str(user)) or id_by_username(org, user)
    issued = org.tokens.issue(user_id, org.organization_id, now, order.get("lifetime"))
    return token_answer(org, exchange, user_id, issued, now)


def password(org: Org, exchange: Exchange) -> Any:
    """What an active user logs in with from now on; without a security token none is asked for."""
    order = order_of(exchange)
    user, given = order.get("user"), order.get("password")
    if not isinstance(user, str) or not isinstance(given, str):
        raise BadOrder("user and password are needed; security_token may be")
    user_id = org.people.active(user)
    if user_id is None:
        raise BadOrder(f"no active user with the username {user!r}")
    org.people.set_secret(user_id, Secret(given, str(order.get("security_token", ""))))
    return {"id": user_id}


def openid(org: Org, exchange: Exchange) -> Any:
    """What goes wrong with ID tokens (`defect`, empty for nothing), and what a person has."""
    order = order_of(exchange)
    defect = order.get("defect", org.openid.defect)
    if defect and defect not in DEFECTS:
        raise BadOrder(f"defect must be one of {', '.join(sorted(DEFECTS))}")
    org.openid.defect = str(defect)
    if "user" in order:
        org.openid.configure(id_by_username(org, order["user"]), order)
    return {"defect": org.openid.defect}


def change_organization(org: Org, exchange: Exchange) -> Any:
    """A sandbox refresh: a new organization id, and every session is over."""
    wanted = order_of(exchange).get("organization_id")
    serial = int(org.db.setting("refreshes", "0")) + 1
    new = to_18(wanted) if wanted else ids.make("00D", org.db.setting("pod"), 900_000 + serial)
    if new is None or not new.startswith("00D"):
        raise BadOrder("organization_id must be an id that begins with 00D")
    with org.db.transaction():
        org.db.execute('UPDATE "so_Organization" SET Id = ?', (new,))
        org.db.set_setting("organization_id", new)
        org.db.set_setting("refreshes", str(serial))
        org.tokens.revoke_all()
    org.events.move()
    return {"organization_id": new}


def configure(org: Org, exchange: Exchange) -> Any:
    lifetime = order_of(exchange).get("token_lifetime", org.tokens.lifetime)
    if not isinstance(lifetime, int | float):
        raise BadOrder("token_lifetime must be a number of seconds")
    org.tokens.lifetime = float(lifetime)
    return {"token_lifetime": org.tokens.lifetime}
