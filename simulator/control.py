"""`/__control__/…`: what tests order and ask. Never part of a real org; off without `--control`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.types import Receive, Scope, Send

from simulator import ids
from simulator.errors import ApiError
from simulator.exchange import Exchange, Reply, read_exchange, send_reply
from simulator.gateway import Gateway
from simulator.ids import to_18
from simulator.oauth.answers import token_answer
from simulator.openid import DEFECTS
from simulator.org import Org

PREFIX = "/__control__/"
MANY = 10_000
SHOWN = (
    "Id",
    "Username",
    "Name",
    "IsActive",
    "UserType",
    "LastModifiedById",
    "LastModifiedDate",
    "SystemModstamp",
)


class BadOrder(ValueError):
    """The order cannot be understood; answered with 400 and this text."""


class Control:
    """The ASGI application under `/__control__`."""

    def __init__(self, org: Org, gateway: Gateway) -> None:
        self._org = org
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = await read_exchange(scope, receive)
        try:
            reply = await self._answer(exchange)
        except ApiError as error:
            reply = Reply(error.status, error.body())
        except (BadOrder, orjson.JSONDecodeError) as error:
            reply = Reply(400, {"error": str(error)})
        await send_reply(exchange, reply, self._org.clock, scope, send)

    async def _answer(self, exchange: Exchange) -> Reply:
        name = exchange.path.removeprefix(PREFIX).strip("/")
        if exchange.method == "DELETE" and name.startswith("faults"):
            return _remove_faults(self._org, name)
        if exchange.method == "POST" and name == "edit":
            return await self._edit(_order(exchange), exchange)
        handler = HANDLERS.get((exchange.method, name))
        if handler is None:
            known = ", ".join(f"{method} {path}" for method, path in HANDLERS)
            return Reply(
                404, {"error": f"no such control; there are {known}, POST edit, DELETE faults[/id]"}
            )
        return Reply(200, handler(self._org, exchange))

    async def _edit(self, order: dict[str, Any], exchange: Exchange) -> Reply:
        """An ordinary REST update by the admin: same locks, faults, journal as over the wire."""
        record_id = order.get("id") or _id_by_username(self._org, order.get("username"))
        token = self._org.tokens.issue(
            self._org.admin_id, self._org.organization_id, self._org.clock.now(), 60
        )
        inner = Exchange(
            "PATCH",
            f"/services/data/v60.0/sobjects/User/{record_id}",
            "",
            {"authorization": f"Bearer {token}", "host": exchange.headers.get("host", "localhost")},
            orjson.dumps(order.get("fields") or {}),
            exchange.scheme,
        )
        reply = await self._gateway.handle(inner)
        self._org.tokens.revoke(token)
        body = (
            reply.body
            if reply.status >= 400
            else {"id": to_18(record_id), "change": self._org.journal.last_change()}
        )
        return Reply(200 if reply.status < 400 else reply.status, body)


def _order(exchange: Exchange) -> dict[str, Any]:
    body = orjson.loads(exchange.body or b"{}")
    if not isinstance(body, dict):
        raise BadOrder("the body must be a JSON object")
    return body


def _number(exchange: Exchange, name: str, default: int) -> int:
    text = exchange.params.get(name, str(default))
    if not text.lstrip("-").isdigit():
        raise BadOrder(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _id_by_username(org: Org, username: object) -> str:
    row = org.db.execute(
        'SELECT Id FROM "so_User" WHERE Username = ? COLLATE NOCASE', (username,)
    ).fetchone()
    if row is None:
        raise BadOrder(f"no user with the username {username!r}")
    return str(row[0])


def _add_fault(org: Org, exchange: Exchange) -> Any:
    order = _order(exchange)
    if order.get("kind") == "expired_token" and not {"count", "share"} & order.keys():
        return {
            "revoked": org.tokens.revoke_all(
                None if order.get("user") == "any" else org.integration_id
            )
        }
    try:
        return org.faults.add(order).json()
    except ValueError as error:
        raise BadOrder(str(error)) from error


def _remove_faults(org: Org, name: str) -> Reply:
    _, _, number = name.partition("/")
    if number and not number.isdigit():
        raise BadOrder(f"not the number of a fault: {number}")
    return Reply(200, {"removed": org.faults.remove(int(number) if number else None)})


def _token(org: Org, exchange: Exchange) -> Any:
    order, now = _order(exchange), org.clock.now()
    people = {"admin": org.admin_id, "integration": org.integration_id}
    user = order.get("user", "admin")
    user_id = people.get(str(user)) or _id_by_username(org, user)
    token = org.tokens.issue(user_id, org.organization_id, now, order.get("lifetime"))
    return token_answer(org, exchange, user_id, token, now)


def _set_openid(org: Org, exchange: Exchange) -> Any:
    """What goes wrong with ID tokens (`defect`, empty for nothing), and what a person has."""
    order = _order(exchange)
    defect = order.get("defect", org.openid.defect)
    if defect and defect not in DEFECTS:
        raise BadOrder(f"defect must be one of {', '.join(sorted(DEFECTS))}")
    org.openid.defect = str(defect)
    if "user" in order:
        org.openid.configure(_id_by_username(org, order["user"]), order)
    return {"defect": org.openid.defect}


def _set_clock(org: Org, exchange: Exchange) -> Any:
    offset = _order(exchange).get("offset")
    if not isinstance(offset, int | float):
        raise BadOrder("offset must be a number of seconds")
    org.clock.offset = float(offset)
    org.db.set_setting("clock_offset", str(org.clock.offset))
    return {"offset": org.clock.offset, "now": org.clock.now()}


def _change_organization(org: Org, exchange: Exchange) -> Any:
    """A sandbox refresh: a new organization id, and every session is over."""
    wanted = _order(exchange).get("organization_id")
    serial = int(org.db.setting("refreshes", "0")) + 1
    new = to_18(wanted) if wanted else ids.make("00D", org.db.setting("pod"), 900_000 + serial)
    if new is None or not new.startswith("00D"):
        raise BadOrder("organization_id must be an id that begins with 00D")
    with org.db.transaction():
        org.db.execute('UPDATE "so_Organization" SET Id = ?', (new,))
        org.db.set_setting("organization_id", new)
        org.db.set_setting("refreshes", str(serial))
        org.tokens.revoke_all()
    return {"organization_id": new}


def _set_quota(org: Org, exchange: Exchange) -> Any:
    order = _order(exchange)
    org.quota.configure(order.get("max"), order.get("used"), order.get("per_app"))
    return {"max": org.quota.max, "used": org.quota.used, "per_app": org.quota.per_app}


def _set_settings(org: Org, exchange: Exchange) -> Any:
    lifetime = _order(exchange).get("token_lifetime", org.tokens.lifetime)
    if not isinstance(lifetime, int | float):
        raise BadOrder("token_lifetime must be a number of seconds")
    org.tokens.lifetime = float(lifetime)
    return {"token_lifetime": org.tokens.lifetime}


def _users(org: Org, exchange: Exchange) -> Any:
    """Every user as stored, by id; all custom fields, whatever field-level security says."""
    limit, after = _number(exchange, "limit", 100_000), exchange.params.get("after", "")
    user = org.schema.objects["user"]
    names = [*SHOWN, *(f.name for f in user.fields if f.custom)]
    columns = ", ".join(f'"{name}"' for name in names)
    rows = org.db.execute(
        f"SELECT {columns} FROM {user.table} WHERE Id > ? ORDER BY Id LIMIT ?", (after, limit)
    )
    flags = {f.name for f in user.fields if f.type == "boolean"}
    users = [
        {n: bool(v) if n in flags else v for n, v in zip(names, row, strict=True)} for row in rows
    ]
    following = users[-1]["Id"] if len(users) == limit else None
    return {"users": users, "next": following, "last_change": org.journal.last_change()}


def _state(org: Org, _: Exchange) -> Any:
    return {
        "now": org.clock.now(),
        "clock_offset": org.clock.offset,
        "organization_id": org.organization_id,
        "admin_id": org.admin_id,
        "integration_id": org.integration_id,
        "quota": {"max": org.quota.max, "used": org.quota.used},
        "last_change": org.journal.last_change(),
    }


HANDLERS: dict[tuple[str, str], Callable[[Org, Exchange], Any]] = {
    ("POST", "faults"): _add_fault,
    ("GET", "faults"): lambda org, _: {"faults": org.faults.json()},
    ("GET", "journal"): lambda org, x: org.journal.calls(
        _number(x, "since", 0), _number(x, "limit", MANY)
    ),
    ("GET", "journal/summary"): lambda org, _: org.journal.summary(),
    ("GET", "changes"): lambda org, x: org.journal.changes(
        _number(x, "since", 0), _number(x, "limit", 10 * MANY)
    ),
    ("GET", "users"): _users,
    ("GET", "state"): _state,
    ("POST", "token"): _token,
    ("POST", "openid"): _set_openid,
    ("POST", "clock"): _set_clock,
    ("POST", "organization_id"): _change_organization,
    ("POST", "quota"): _set_quota,
    ("POST", "settings"): _set_settings,
}
