"""The settings, read once at the edge: environment, `.env`, a TOML file, secrets as files.

Every name starts with `LICENSE_SYNC_`; `__` goes one level down. What comes first wins:
environment, `.env`, files in `LICENSE_SYNC_SECRETS_DIR`, the TOML file `LICENSE_SYNC_CONFIG_FILE`.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from sync.errors import SyncError

PREFIX = "LICENSE_SYNC_"
_ORG_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class BadSettings(SyncError):
    """The settings cannot be used; one sentence for each problem is in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/"):
        raise ValueError("write it as https://host or https://host:port")
    return url.rstrip("/")


def _existing_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return path


ExistingFile = Annotated[Path, AfterValidator(_existing_file)]


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
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    orgs: dict[str, OrgSettings] = Field(default_factory=dict)
    state_dir: Path = Path.home() / ".local" / "state" / "license-sync"
    database_url: SecretStr | None = None
    broker_url: SecretStr | None = None
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
                    f"the org name {name!r} has other characters than a-z, 0-9, - and _"
                )
        return self

    def database(self) -> str:
        """The database's URL; SQLite in the state folder if none is set."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir / 'license-sync.db'}"

    @property
    def uses_embedded_broker(self) -> bool:
        """Whether the broker is the one in the state folder."""
        return self.broker_url is None

    @property
    def broker_socket(self) -> Path:
        """The embedded broker's socket."""
        return self.state_dir / "broker.sock"

    def broker(self) -> str:
        """The broker's URL as Celery wants it."""
        if self.broker_url is not None:
            return self.broker_url.get_secret_value()
        return f"redis+socket://{self.broker_socket}"

    def redis(self) -> str:
        """The same broker's URL as redis-py wants it."""
        if self.broker_url is not None:
            return self.broker_url.get_secret_value().replace("redis+socket://", "unix://")
        return f"unix://{self.broker_socket}?db=0"


def load_settings(**overrides: object) -> Settings:
    """Read the settings; BadSettings says everything that is wrong with them at once."""
    env_file = os.environ.get(f"{PREFIX}ENV_FILE", ".env")
    for name in ("CONFIG_FILE", "SECRETS_DIR"):
        path = os.environ.get(f"{PREFIX}{name}")
        if path and not Path(path).exists():
            raise BadSettings([f"{PREFIX}{name}: there is no {path}; correct it or unset it."])
    try:
        return Settings(_env_file=env_file, **overrides)  # type: ignore[arg-type,call-arg]
    except ValidationError as error:
        raise BadSettings([_sentence(problem) for problem in error.errors()]) from None
    except (SettingsError, ValueError) as error:
        raise BadSettings([f"{_one_line(error)}: write it as JSON or TOML does."]) from None


def _sentence(problem: Mapping[str, object]) -> str:
    location = problem["loc"]
    path = [str(part) for part in location] if isinstance(location, tuple) else []
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "missing":
        message = "is missing; set it"
    if problem["type"] == "extra_forbidden":
        message = "is no setting of an org; correct its name or remove it"
    where = f"{PREFIX}{'__'.join(path).upper()}" if path else "settings"
    return f"{where}: {message}."


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
