"""The settings of the review page: where it listens, how long a session lasts, who signs in how."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from config.values import Claims, ExistingFile, HeaderName, HttpsUrl, PageUrl

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _organization_id(text: str) -> str:
    if len(text) not in (15, 18) or not text.startswith("00D") or not text.isalnum():
        raise ValueError("write the org's id: 15 or 18 letters and digits that begin with 00D")
    return text


class OpenIdSettings(BaseModel):
    """Sign-in with one Salesforce org as identity provider; who comes that way sees that org.

    `admin` and `viewer` say which role somebody gets, the first that fits: `Name` is a custom
    permission that they have, `name=value` a custom attribute of the app.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    client_secret_file: ExistingFile | None = None
    organization_id: Annotated[str, AfterValidator(_organization_id)]
    login_url: HttpsUrl | None = None
    ca_file: ExistingFile | None = None
    admin: Claims = ("License_Sync_Admin",)
    viewer: Claims = ("License_Sync_Viewer",)

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.client_secret is None) == (self.client_secret_file is None):
            raise ValueError("set either client_secret or client_secret_file")
        return self


class AdminSettings(BaseModel):
    """The review page. `url` is where browsers find it: behind a proxy not at host and port.

    In `client_certificate_header` the proxy says which client certificate it has verified.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8477, ge=1, le=65535)
    url: PageUrl = "http://localhost:8477"
    cert_file: ExistingFile | None = None
    key_file: ExistingFile | None = None
    secret_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    session_minutes: float = Field(default=720, ge=1, le=7 * 24 * 60)
    idle_minutes: float = Field(default=60, ge=1, le=7 * 24 * 60)
    client_certificate_header: HeaderName = "X-Client-Certificate"
    oidc: dict[str, OpenIdSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _safe_on_the_way(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("set both cert_file and key_file, or neither")
        if self.is_https:
            return self
        if urlsplit(self.url).hostname not in _LOOPBACK:
            raise ValueError("url has to be https:// where it is not this machine's own")
        if self.cert_file is not None:
            raise ValueError("url has to be https:// where cert_file is set")
        return self

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the page by TLS only."""
        return self.url.startswith("https://")
