"""What a token tells of its user: `/services/oauth2/userinfo` and the identity URL.

Keys, their order and the URLs: a recorded userinfo answer of May 2026, and published answers of
the identity URL. Whether a bad token is refused as below or in words of its own is unconfirmed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.clock import rest_datetime
from simulator.errors import ApiError, invalid_session, not_found
from simulator.exchange import Exchange, Reply
from simulator.hosts import instance_url
from simulator.ids import to_18
from simulator.oauth.answers import identity_url
from simulator.oauth.clients import parameters
from simulator.org import Org
from simulator.records import Row

RECORDED_ORDER = (
    *("enterprise", "metadata", "partner", "rest", "sobjects", "search", "query", "recent"),
    *("tooling_soap", "tooling_rest", "profile", "feeds", "groups", "users", "feed_items"),
    *("feed_elements", "custom_domain"),
)
SOAP_URLS = {"enterprise": "c", "metadata": "m", "partner": "u", "tooling_soap": "T"}
REST_URLS = {
    "rest": "",
    "sobjects": "sobjects/",
    "search": "search/",
    "query": "query/",
    "recent": "recent/",
    "tooling_rest": "tooling/",
    "feeds": "chatter/feeds",
    "groups": "chatter/groups",
    "users": "chatter/users",
    "feed_items": "chatter/feed-items",
    "feed_elements": "chatter/feed-elements",
}
SEES_OTHERS = frozenset({"api", "full"})


def userinfo(org: Org, exchange: Exchange) -> Reply:
    user_id, scope = _caller(org, exchange)
    person = _userinfo(org, exchange, user_id) | org.openid.extras(user_id, scope)
    if org.openid.defect == "other_subject":
        person["sub"] = identity_url(org, exchange, org.integration_id)
    return Reply(200, person)


def identity(org: Org, exchange: Exchange) -> Reply:
    """One's own, or with the scope of the API anybody's in the org (documented)."""
    caller, scope = _caller(org, exchange)
    parts = exchange.path.strip("/").split("/")
    if len(parts) != 3 or to_18(parts[1]) != org.organization_id:
        raise not_found()
    asked = to_18(parts[2])
    if asked is None:
        raise not_found()
    if asked != caller and not SEES_OTHERS & set(scope.split()):
        raise ApiError(403, "FORBIDDEN", "Forbidden")
    return Reply(200, _identity(org, exchange, asked))


def _caller(org: Org, exchange: Exchange) -> tuple[str, str]:
    """User and scope; the token comes in the header, the query or a form."""
    given = exchange.bearer or exchange.params.get("oauth_token")
    given = given or parameters(exchange).get("access_token", "")
    permit = org.tokens.access_permit(given, org.clock.now())
    if permit is None:
        raise invalid_session()
    return permit.user_id, permit.scope


def _userinfo(org: Org, exchange: Exchange, user_id: str) -> dict[str, Any]:
    row = org.records.get(org.schema.objects["user"], user_id)
    instance = instance_url(exchange, org.domain)
    return {
        "sub": identity_url(org, exchange, user_id),
        "user_id": user_id,
        "organization_id": org.organization_id,
        "preferred_username": row["Username"],
        "nickname": row["CommunityNickname"],
        "name": row["Name"],
        "email": row["Email"],
        "email_verified": True,
        "given_name": row["FirstName"],
        "family_name": row["LastName"],
        "zoneinfo": row["TimeZoneSidKey"],
        "photos": _photos(instance),
        "profile": f"{instance}/{user_id}",
        "picture": f"{instance}/profilephoto/005/F",
        "address": {},
        "is_salesforce_integration_user": user_id == org.integration_id,
        "urls": _urls(org, instance, user_id),
        **_standing(row),
        "updated_at": datetime.fromtimestamp(row["LastModifiedDate"], UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        ),
    }


def _identity(org: Org, exchange: Exchange, user_id: str) -> dict[str, Any]:
    row = org.records.get(org.schema.objects["user"], user_id)
    instance = instance_url(exchange, org.domain)
    return {
        "id": identity_url(org, exchange, user_id),
        "asserted_user": True,
        "user_id": user_id,
        "organization_id": org.organization_id,
        "username": row["Username"],
        "nick_name": row["CommunityNickname"],
        "display_name": row["Name"],
        "email": row["Email"],
        "email_verified": True,
        "first_name": row["FirstName"],
        "last_name": row["LastName"],
        "timezone": row["TimeZoneSidKey"],
        "photos": _photos(instance),
        **dict.fromkeys(("addr_street", "addr_city", "addr_state", "addr_country", "addr_zip")),
        "mobile_phone": row["MobilePhone"],
        "mobile_phone_verified": False,
        "is_lightning_login_user": False,
        "status": {"created_date": None, "body": None},
        "urls": _urls(org, instance, user_id),
        **_standing(row),
        "last_modified_date": rest_datetime(row["LastModifiedDate"]),
        "is_app_installed": True,
    }


def _standing(row: Row) -> dict[str, Any]:
    """`utcOffset` leaves daylight saving out (recorded: Los Angeles in May, eight hours)."""
    zone = ZoneInfo(row["TimeZoneSidKey"] or "UTC")
    offset = datetime(2026, 1, 1, tzinfo=zone).utcoffset()
    return {
        "active": bool(row["IsActive"]),
        "user_type": str(row["UserType"]).upper(),
        "language": row["LanguageLocaleKey"],
        "locale": row["LocaleSidKey"],
        "utcOffset": int(offset.total_seconds() * 1000) if offset is not None else 0,
    }


def _photos(instance: str) -> dict[str, str]:
    return {
        "picture": f"{instance}/profilephoto/005/F",
        "thumbnail": f"{instance}/profilephoto/005/T",
    }


def _urls(org: Org, instance: str, user_id: str) -> dict[str, str]:
    """Templates; the version is left to the client."""
    short = org.organization_id[:15]
    soap = {
        name: f"{instance}/services/Soap/{kind}/{{version}}/{short}"
        for name, kind in SOAP_URLS.items()
    }
    rest = {
        name: f"{instance}/services/data/v{{version}}/{path}" for name, path in REST_URLS.items()
    }
    urls = soap | rest | {"profile": f"{instance}/{user_id}", "custom_domain": instance}
    return {name: urls[name] for name in RECORDED_ORDER}
