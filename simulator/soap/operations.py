"""The operations: login, logout, and the two that say that a session lives.

Their results: the Partner WSDL, and recorded answers for the order of userInfo. The messages of
the faults are recorded, but for the end of that about a missing session, which varies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.exchange import Exchange
from simulator.hosts import instance_url
from simulator.ids import to_18
from simulator.org import Org
from simulator.soap.answers import SoapFault, Tree
from simulator.soap.envelope import Envelope

SCOPE = "full"  # a SOAP session is a user's own, not an app's
WRONG = "Invalid username, password, security token; or user locked out."
ELSEWHERE = (
    " Are you at a new location? When accessing Salesforce--either via a desktop client or the "
    "API--from outside of your company's trusted networks, you must add a security token to your "
    "password to log in. To get your new security token, log in to Salesforce. From your personal "
    "settings, enter Reset My Security Token in the Quick Find box, then select Reset My Security "
    "Token."
)
NO_SESSION = (
    "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing "
    "session hash"
)


@dataclass(frozen=True)
class SoapCall:
    """`kind` is the API's letter in the URL: `u` for partner, `c` for enterprise."""

    org: Org
    exchange: Exchange
    kind: str
    version: str
    envelope: Envelope


def login(call: SoapCall) -> Tree:
    org, now = call.org, call.org.clock.now()
    user_id = _who(call)
    session = org.tokens.issue(user_id, org.organization_id, now, scope=SCOPE)
    url = f"{instance_url(call.exchange, org.domain)}/services/Soap"
    of_org = f"{call.version}/{org.organization_id[:15]}"
    return {
        "metadataServerUrl": f"{url}/m/{of_org}",
        "passwordExpired": False,
        "sandbox": bool(_organization(org)["IsSandbox"]),
        "serverUrl": f"{url}/{call.kind}/{of_org}",
        "sessionId": session,
        "userId": user_id,
        "userInfo": _user_info(org, user_id),
    }


def logout(call: SoapCall) -> None:
    _caller(call)
    call.org.tokens.revoke(_session_id(call))


def get_user_info(call: SoapCall) -> Tree:
    return _user_info(call.org, _caller(call))


def get_server_timestamp(call: SoapCall) -> Tree:
    _caller(call)
    now = datetime.fromtimestamp(call.org.clock.now(), UTC)
    return {"timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"}


def _who(call: SoapCall) -> str:
    """A name and a password with the token behind it, or without one from a known organization.

    `LoginScopeHeader` stands for that: clients send it where the network is trusted. Nothing says
    so of real orgs.
    """
    people, given = call.org.people, call.envelope.arguments
    username, password = given.get("username", ""), given.get("password", "")
    user_id = people.login(username, password)
    if user_id is not None:
        return user_id
    if people.lacks_token(username, password):
        scope = call.envelope.headers.get("LoginScopeHeader", {}).get("organizationId", "")
        if scope and to_18(scope.strip()) == call.org.organization_id:
            return people.active(username) or ""
        if not scope:
            raise SoapFault("LOGIN_MUST_USE_SECURITY_TOKEN", WRONG + ELSEWHERE, "LoginFault")
    raise SoapFault("INVALID_LOGIN", WRONG, "LoginFault")


def _session_id(call: SoapCall) -> str:
    header = call.envelope.headers.get("SessionHeader", {})
    return header.get("sessionId", "").strip() or call.exchange.bearer or ""


def _caller(call: SoapCall) -> str:
    user_id = call.org.tokens.user_of(_session_id(call), call.org.clock.now())
    if user_id is None:
        raise SoapFault("INVALID_SESSION_ID", NO_SESSION)
    return user_id


def _organization(org: Org) -> dict[str, object]:
    return org.records.get(org.schema.objects["organization"], org.organization_id)


def _user_info(org: Org, user_id: str) -> Tree:
    row = org.records.get(org.schema.objects["user"], user_id)
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 5_242_880,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": org.organization_id,
        "organizationMultiCurrency": False,
        "organizationName": str(_organization(org)["Name"]),
        "profileId": row["ProfileId"],
        "roleId": row["UserRoleId"],
        "sessionSecondsValid": int(org.tokens.lifetime),
        "userDefaultCurrencyIsoCode": None,
        "userEmail": row["Email"],
        "userFullName": row["Name"],
        "userId": user_id,
        "userLanguage": row["LanguageLocaleKey"],
        "userLocale": row["LocaleSidKey"],
        "userName": row["Username"],
        "userTimeZone": row["TimeZoneSidKey"],
        "userType": row["UserType"],
        "userUiSkin": "Theme3",
    }


OPERATIONS: dict[str, Callable[[SoapCall], Tree | None]] = {
    "login": login,
    "logout": logout,
    "getUserInfo": get_user_info,
    "getServerTimestamp": get_server_timestamp,
}
