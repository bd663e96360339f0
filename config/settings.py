"""The settings, and where they come from: the environment, secret files, `.env`, a TOML file.

Every name starts with `LICENSE_SYNC_`; `__` goes one level down. What comes first wins:
environment, files in `LICENSE_SYNC_SECRETS_DIR`, `.env`, the TOML file `LICENSE_SYNC_CONFIG_FILE`.
"""

import hashlib
import os
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from config.admin import AdminSettings
from config.sources import PREFIX as PREFIX
from config.sources import by_name, env_file, secret_files, without_person
from config.values import (
    AlertUrls,
    BrokerUrl,
    ClientCertificate,
    DatabaseUrl,
    ExistingFile,
    Folder,
    FractionLimit,
    HostAndPort,
    HttpsUrl,
    Limit,
    Names,
    OutboundToken,
    Topic,
    redis_url,
)
from sync.budget import SANE_BUDGET
from sync.listening import SILENCE_SECONDS
from sync.metering import SANE_NET
from sync.ports.brake import SANE_LIMITS
from sync.ports.events import ENDPOINT
from sync.ports.settling import WRITES_PER_HOUR

SOCKET_BYTES = 100
"""A unix socket's path may have 103 bytes on macOS and 107 on Linux."""

_ORG_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_TEMPORARY = Path("/tmp")  # noqa: S108 - the same one whatever TMPDIR says, in a folder of our own


class OrgSettings(BaseModel):
    """One Salesforce org. Four settings are enough: URL, client id, secret, and its features.

    What would remove more than `brake_licenses` licenses, or any from more than `brake_share` of
    the users that hold some, within `brake_minutes`, waits for a person; 0 or none turns a limit
    off.

    From a share of `budget_reconcile` of the day's API calls on reconciles wait, from
    `budget_poll` on looks are rare, from `budget_reserve` on only writes go on, and every
    `budget_probe_seconds` it is tried whether there is room again.

    With `events` the org's change events are listened to, at `events_endpoint` and, if no
    `events_topic` is named, those of the layout's object.

    No user is written to more than `writes_per_hour` times an hour: who is, waits.

    With `outbound_token` (or `outbound_token_file`) the review page's process takes the org's
    outbound messages, not more than `outbound_per_minute`, and with `outbound_client_certificate`
    from who has shown that certificate to the proxy.

    Login is by client credentials (`client_secret` or `client_secret_file`) or by JWT bearer
    (`username` and `private_key_file`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    login_url: HttpsUrl
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    client_secret_file: ExistingFile | None = None
    username: str | None = None
    private_key_file: ExistingFile | None = None
    ca_file: ExistingFile | None = None
    features: Names = frozenset()
    policy: str = "natterbox-2022"
    layout: str = "user"
    on_conflict: str | None = None
    inactive: str | None = None
    api_version: Annotated[str, Field(pattern=r"^\d{2}\.0$")] = "62.0"
    alert_urls: AlertUrls = ()
    alert_urls_file: ExistingFile | None = None
    credentials_expire_on: date | None = None
    brake_licenses: Limit = Field(default=SANE_LIMITS.licenses, ge=0)
    brake_share: FractionLimit = Field(default=SANE_LIMITS.share, ge=0, le=1)
    brake_minutes: FractionLimit = Field(default=SANE_LIMITS.minutes, ge=0, le=10080)

    events: bool = False
    events_topic: Topic | None = None
    events_endpoint: HostAndPort = ENDPOINT

    budget_reconcile: float = Field(default=SANE_BUDGET.reconcile, ge=0, le=1)
    budget_poll: float = Field(default=SANE_BUDGET.poll, ge=0, le=1)
    budget_reserve: float = Field(default=SANE_BUDGET.reserve, ge=0, le=1)
    budget_probe_seconds: float = Field(default=SANE_BUDGET.probe_seconds, ge=1, le=3600)
    writes_per_hour: int = Field(default=WRITES_PER_HOUR, ge=1, le=1000)
    outbound_token: OutboundToken | None = None
    outbound_token_file: ExistingFile | None = None
    outbound_client_certificate: ClientCertificate | None = None
    outbound_per_minute: int = Field(default=300, ge=1, le=100_000)

    @model_validator(mode="after")
    def _budget_in_order(self) -> Self:
        if not self.budget_reconcile <= self.budget_poll <= self.budget_reserve:
            raise ValueError(
                "budget_reconcile must not be above budget_poll, nor that above budget_reserve"
            )
        return self

    @model_validator(mode="after")
    def _one_outbound_token(self) -> Self:
        if self.outbound_token is not None and self.outbound_token_file is not None:
            raise ValueError("set outbound_token or outbound_token_file, not both")
        if self.outbound_client_certificate and not (
            self.outbound_token or self.outbound_token_file
        ):
            raise ValueError("outbound_client_certificate needs an outbound_token as well")
        return self

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.client_secret is not None and self.client_secret_file is not None:
            raise ValueError("set client_secret or client_secret_file, not both")
        by_secret = self.client_secret is not None or self.client_secret_file is not None
        by_jwt = self.username is not None or self.private_key_file is not None
        if by_secret == by_jwt:
            raise ValueError(
                "set either client_secret (or client_secret_file), or username and private_key_file"
            )
        if by_jwt and (self.username is None or self.private_key_file is None):
            raise ValueError("set both username and private_key_file for login by JWT")
        return self


class Settings(BaseSettings):
    """All settings. Durations are in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    orgs: dict[str, OrgSettings] = Field(default_factory=dict)
    state_dir: Folder = Path("~/.local/state/license-sync")
    database_url: DatabaseUrl | None = None
    database_password: SecretStr | None = None
    broker_url: BrokerUrl | None = None
    poll_seconds: float = Field(default=15.0, ge=0.2, le=3600)
    overlap_seconds: float = Field(default=300.0, ge=1, le=3600)
    reconcile_hour: int = Field(default=3, ge=0, le=23)
    events_poll_seconds: float = Field(default=SANE_NET.poll_seconds, ge=1, le=86400)
    events_overlap_seconds: float = Field(default=SANE_NET.overlap_seconds, ge=1, le=86400)
    events_silence_seconds: float = Field(default=SILENCE_SECONDS, ge=1, le=3600)
    settle_limit: int = Field(default=2000, ge=1, le=2000)
    live_workers: int = Field(default=3, ge=1, le=64)
    bulk_workers: int = Field(default=1, ge=1, le=64)
    slow_workers: int = Field(default=2, ge=1, le=64)
    alert_urls: AlertUrls = ()
    alert_urls_file: ExistingFile | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "console"
    admin: AdminSettings = AdminSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - secret_files does it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before secret files before `.env` before the TOML file."""
        sources = [init_settings, without_person(env_settings)]
        secrets = os.environ.get(f"{PREFIX}SECRETS_DIR")
        if secrets:
            sources.append(by_name(settings_cls, secret_files(Path(secrets))))
        if isinstance(dotenv_settings, DotEnvSettingsSource) and dotenv_settings.env_file:
            sources.append(by_name(settings_cls, env_file(Path(str(dotenv_settings.env_file)))))
        toml = os.environ.get(f"{PREFIX}CONFIG_FILE")
        if toml:
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=toml))
        return tuple(sources)

    @model_validator(mode="after")
    def _org_names(self) -> Self:
        for name in self.orgs:
            if not _ORG_NAME.fullmatch(name):
                raise ValueError(
                    f"the org name {name!r} cannot be used: take up to 40 of a-z, 0-9, - and _"
                )
        return self

    @model_validator(mode="after")
    def _sign_in_is_with_orgs(self) -> Self:
        for name in sorted(self.admin.oidc.keys() - self.orgs.keys()):
            raise ValueError(f"{PREFIX}ADMIN__OIDC__{name.upper()}: there is no such org; add it")
        return self

    @model_validator(mode="after")
    def _password_belongs_to_a_user(self) -> Self:
        if self.database_password is None:
            return self
        url = "" if self.database_url is None else self.database_url.get_secret_value()
        if not re.match(r"[\w+]+://[^:/@]+@", url):
            raise ValueError(
                f"{PREFIX}DATABASE_PASSWORD needs a {PREFIX}DATABASE_URL with a user and without "
                "a password: write it as postgresql://user@host/database"
            )
        return self

    def database(self) -> str:
        """The database's URL; SQLite in the state folder if none is set."""
        if self.database_url is None:
            return f"sqlite:///{self.state_dir / 'license-sync.db'}"
        url = self.database_url.get_secret_value()
        if self.database_password is None:
            return url
        user, _, rest = url.partition("@")
        return f"{user}:{quote(self.database_password.get_secret_value(), safe='')}@{rest}"

    @property
    def uses_embedded_broker(self) -> bool:
        """Whether the broker is the one in the state folder."""
        return self.broker_url is None

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's socket; where its path would be too long, a short one."""
        path = self.state_dir / "broker.sock"
        if len(os.fsencode(path)) <= SOCKET_BYTES:
            return path
        name = hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:16]
        return _TEMPORARY / f"license-sync-{name}" / "broker.sock"

    def broker(self) -> str:
        """The broker's URL as Celery wants it."""
        if self.broker_url is not None:
            return self.broker_url.get_secret_value()
        return f"redis+socket://{self.broker_socket}"

    def redis(self) -> str:
        """The same broker's URL as redis-py wants it."""
        if self.broker_url is not None:
            return redis_url(self.broker_url.get_secret_value())
        return f"unix://{self.broker_socket}?db=0"
