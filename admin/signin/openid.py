"""Sign-in with Salesforce as identity provider: OpenID Connect's code flow, by Authlib.

Checked are: state and PKCE (bound to this browser by a signed cookie), nonce, issuer, audience,
the ID token's signature, that userinfo speaks of the same person, and that the person is of the
configured org. Tokens are used once for userinfo and kept nowhere. What Salesforce says in an
error is not repeated: it could be anybody's words.
https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
"""

import logging
import ssl
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth, OAuthError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response
from starlette_admin.cookies import SignedCookie

from admin.signin.claims import asks_permissions, role_of, same_organization
from admin.signin.desk import NotEntitled, SignInRefused
from config.admin import OpenIdSettings
from config.errors import BadSettings
from config.settings import PREFIX, Settings
from sync.errors import NotAllowed
from sync.ports.accounts import OpenIdPerson, checked_name

log = logging.getLogger(__name__)

SECONDS = 10.0
"""How long Salesforce may take for one answer."""

MINUTES = 10
"""How long somebody may take to sign in over there."""

ALGORITHMS = ["RS256"]
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_http = import_module("httpx2" if find_spec("httpx2") else "httpx")
"""What Authlib takes: the newer one where it is installed."""

_TROUBLE: tuple[type[Exception], ...] = (
    AuthlibBaseError,
    JoseError,
    _http.HTTPError,
    _http.InvalidURL,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RuntimeError,
)
"""What comes of an answer that is not as it should be, or of none."""


class OpenId:
    """The configured identity providers, one for each org that has one."""

    def __init__(self, settings: Settings, secret_key: str) -> None:
        page = settings.admin
        self._url = page.url
        self._settings = page.oidc
        self._is_https = page.is_https
        self._signed = SignedCookie(
            secret_key, "license-sync-openid", timed=True, max_age=MINUTES * 60
        )
        self._oauth = OAuth()
        self._issuers: dict[str, str] = {}
        for org, one in page.oidc.items():
            self._issuers[org] = one.login_url or settings.orgs[org].login_url
            self._register(org, one, one.ca_file or settings.orgs[org].ca_file)
        self.orgs = tuple(sorted(page.oidc))
        self.cookie = f"{'__Host-' if page.is_https else ''}license_sync_openid"

    def _register(self, org: str, one: OpenIdSettings, ca_file: object) -> None:
        scope = "openid id profile"
        if asks_permissions(one.admin, one.viewer):
            scope += " custom_permissions"
        self._oauth.register(
            org,
            client_id=one.client_id,
            client_secret=_secret(org, one),
            server_metadata_url=f"{self._issuers[org]}/.well-known/openid-configuration",
            client_kwargs={
                "scope": scope,
                "code_challenge_method": "S256",
                "token_endpoint_auth_method": "client_secret_post",
                "timeout": SECONDS,
                "trust_env": False,
                "verify": ssl.create_default_context(cafile=str(ca_file) if ca_file else None),
            },
        )

    async def go(self, request: Request, org: str, wanted: str) -> Response:
        """Send a browser to the org; SignInRefused."""
        client = self._client(org)
        request.scope["session"] = {}
        try:
            await self._check_metadata(org, client)
            callback = f"{self._url}{request.url.path}/callback"
            response: Response = await client.authorize_redirect(request, callback)
        except _TROUBLE as error:
            raise _failed(org, error, "cannot be asked: try again later") from None
        kept = self._signed.dumps({"session": request.session, "org": org, "next": wanted})
        response.set_cookie(
            self.cookie,
            kept,
            max_age=MINUTES * 60,
            path="/",
            httponly=True,
            samesite="lax",
            secure=self._is_https,
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    async def come_back(self, request: Request, org: str) -> tuple[OpenIdPerson, str]:
        """Who comes back from the org, and where they were going; SignInRefused."""
        client = self._client(org)
        kept = self._signed.loads(request.cookies.get(self.cookie, ""))
        if not isinstance(kept, dict) or kept.get("org") != org:
            raise SignInRefused("This sign-in took too long, or began elsewhere: begin it again.")
        request.scope["session"] = kept["session"]
        try:
            claims = await self._claims(request, org, client)
        except OAuthError as error:
            what = "did not let you in" if error.error == "access_denied" else "refused the sign-in"
            raise _failed(org, error, f"{what}: try again, or ask its admin") from None
        except _TROUBLE as error:
            raise _failed(org, error, "gave an answer that proves nothing: try again") from None
        return self._person(org, claims), str(kept["next"])

    def forget(self, response: Response) -> None:
        """Take away what `go` gave the browser: it is good for once."""
        response.delete_cookie(
            self.cookie, path="/", httponly=True, samesite="lax", secure=self._is_https
        )

    def _client(self, org: str) -> Any:
        client = self._oauth.create_client(org) if org in self._settings else None
        if client is None:
            raise SignInRefused("There is no sign-in with this org: choose one of those below.")
        return client

    async def _check_metadata(self, org: str, client: Any) -> None:
        """The org says of itself where to go: to itself, and with no weaker signature."""
        metadata, issuer = await client.load_server_metadata(), self._issuers[org]
        if metadata["issuer"].rstrip("/") != issuer:
            raise ValueError("another issuer")
        if not all(str(metadata[name]).startswith(f"{issuer}/") for name in _ENDPOINTS):
            raise ValueError("an endpoint of another host")
        metadata["id_token_signing_alg_values_supported"] = ALGORITHMS

    async def _claims(self, request: Request, org: str, client: Any) -> Mapping[str, Any]:
        """What the org says of the person, from userinfo, after the ID token has been checked."""
        await self._check_metadata(org, client)
        metadata = client.server_metadata
        token = await client.authorize_access_token(
            request,
            claims_options={
                "iss": {"essential": True, "value": metadata["issuer"]},
                "aud": {"essential": True, "value": client.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True},
            },
        )
        proven = token["userinfo"]
        claims = await client.userinfo(token=token)
        if claims["sub"] != proven["sub"]:
            raise ValueError("userinfo of somebody else")
        return dict(claims)

    def _person(self, org: str, claims: Mapping[str, Any]) -> OpenIdPerson:
        rules = self._settings[org]
        try:
            name = checked_name(str(claims.get("preferred_username") or ""))
        except NotAllowed as error:
            raise SignInRefused(str(error)) from None
        if not same_organization(claims, rules.organization_id):
            raise NotEntitled(
                name, f"{org} is another Salesforce org now: ask whoever runs this page."
            )
        role = role_of(claims, rules.admin, rules.viewer)
        if role is None or claims.get("active") is False:
            raise NotEntitled(
                name,
                f"Nothing in {org} lets you see this page: ask its admin for the permission "
                f"{(*rules.viewer, *rules.admin, 'it is set up for')[0]}.",
            )
        return OpenIdPerson(str(claims["sub"]), name, role, frozenset({org}))


def _failed(org: str, error: Exception, what: str) -> SignInRefused:
    """What Authlib and httpx say may hold a code or a token: only its kind is logged."""
    log.warning("sign-in with %s failed: %s", org, type(error).__name__)
    return SignInRefused(f"Salesforce ({org}) {what}.")


def _secret(org: str, one: OpenIdSettings) -> str:
    if one.client_secret is not None:
        return one.client_secret.get_secret_value()
    assert one.client_secret_file is not None
    try:
        text = one.client_secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        where = f"{PREFIX}ADMIN__OIDC__{org.upper()}__CLIENT_SECRET_FILE"
        raise BadSettings([f"{where}: holds no text; let it hold the consumer secret."])
    return text
