"""The settings, and where they come from: environment, `.env`, a TOML file, secrets as files.

Every name starts with `LICENSE_SYNC_`; `__` goes one level down. What comes first wins:
environment, `.env`, files in `LICENSE_SYNC_SECRETS_DIR`, the TOML file `LICENSE_SYNC_CONFIG_FILE`.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "LICENSE_SYNC_"
SOCKET_BYTES = 100
"""A unix socket's path may have 103 bytes on macOS and 107 on Linux."""

_ORG_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_BROKERS = ("redis://", "rediss://", "redis+socket://")
_TEMPORARY = Path("/tmp")  # noqa: S108 - the same one whatever TMPDIR says, in a folder of our own


def _https(url: str) -> str:
    found = re.fullmatch(r"https://[\w.-]+(:\d{1,5})?/*", url, re.ASCII)
    if not found:
        raise ValueError("write it as https://host or https://host:port")
    return url.rstrip("/")


def _existing_file(path: Path) -> Path:
    """The path is not said: it may be a key that was pasted in the place of its file's name."""
    try:
        found = path.is_file()
    except OSError:
        found = False
    if not found:
        raise ValueError("there is no such file; give the path of one that can be read")
    return path


def _broker(url: SecretStr) -> SecretStr:
    if not url.get_secret_value().startswith(_BROKERS):
        raise ValueError("write it as redis://host:6379/0, rediss://… or redis+socket:///path")
    return url


ExistingFile = Annotated[Path, AfterValidator(_existing_file)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


class OrgSettings(BaseModel):
    """One Salesforce org. Four settings are enough: URL, client id, secret, and its features.

    Login is by client credentials (`client_secret` or `client_secret_file`) or by JWT bearer
    (`username` and `private_key_file`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    login_url: Annotated[str, AfterValidator(_https)]
    client_id: str = Field(min_length=1)
    client_secret: SecretStr | None = None
    client_secret_file: ExistingFile | None = None
    username: str | None = None
    private_key_file: ExistingFile | None = None
    ca_file: ExistingFile | None = None
    features: frozenset[str] = frozenset()
    policy: str = "natterbox-2022"
    layout: str = "user"
    on_conflict: str | None = None
    inactive: str | None = None
    api_version: Annotated[str, Field(pattern=r"^\d{2}\.0$")] = "62.0"

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        by_secret = self.client_secret is not None or self.client_secret_file is not None
        by_jwt = self.username is not None or self.private_key_file is not None
        if by_secret == by_jwt:
            raise ValueError(
                "set either client_secret (or client_secret_file), or username and private_key_file"
            )
        if by_jwt and (self.username is None or self.private_key_file is None):
            raise ValueError("set both username and private_key_file for login by JWT")
        return self

    def secret(self) -> str | None:
        """The client secret, read from its file if need be."""
        if self.client_secret is not None:
            return self.client_secret.get_secret_value()
        if self.client_secret_file is not None:
            return self.client_secret_file.read_text(encoding="utf-8").strip()
        return None


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
    state_dir: Folder = Path.home() / ".local" / "state" / "license-sync"
    database_url: SecretStr | None = None
    database_password: SecretStr | None = None
    broker_url: Annotated[SecretStr, AfterValidator(_broker)] | None = None
    poll_seconds: float = Field(default=15.0, ge=0.2, le=3600)
    overlap_seconds: float = Field(default=300.0, ge=1, le=3600)
    reconcile_hour: int = Field(default=3, ge=0, le=23)
    settle_limit: int = Field(default=2000, ge=1, le=2000)
    live_workers: int = Field(default=2, ge=1, le=64)
    bulk_workers: int = Field(default=1, ge=1, le=64)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "console"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before `.env` before secret files before the TOML file."""
        sources = [init_settings, env_settings, dotenv_settings]
        secrets = os.environ.get(f"{PREFIX}SECRETS_DIR")
        if secrets:
            sources.append(
                NestedSecretsSettingsSource(
                    file_secret_settings,
                    secrets_dir=secrets,
                    secrets_prefix=PREFIX,
                    secrets_nested_delimiter="__",
                )
            )
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
            url = self.broker_url.get_secret_value()
            return url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
        return f"unix://{self.broker_socket}?db=0"
