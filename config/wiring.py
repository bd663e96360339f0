"""The one place that picks adapters: from settings to a store, and to orgs to work on."""

import random
import time
from functools import cached_property

from config.layouts import load_layout
from config.policies import load_policy
from config.settings import OrgSettings, Settings
from sync.errors import UnknownReference
from sync.org import Org
from sync.policy import Policy
from sync.rules import Rulebook
from sync.salesforce.gateway import Connection, Gateway, connect
from sync.salesforce.login import ClientCredentials, Credentials, JwtBearer
from sync.store.engine import make_engine
from sync.store.schema import require_current, upgrade
from sync.store.store import SqlStore


class Runtime:
    """What one process works with. Nothing is opened before it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._orgs: dict[str, Org] = {}

    @cached_property
    def store(self) -> SqlStore:
        """The store. A SQLite file gets its tables by itself, a server gets them by `migrate`."""
        self.settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        engine = make_engine(self.settings.database())
        if engine.dialect.name == "sqlite":
            upgrade(engine)
        else:
            require_current(engine)
        return SqlStore(engine)

    def migrate(self) -> None:
        """Bring the database to this version's tables."""
        self.settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        upgrade(make_engine(self.settings.database()))

    @property
    def org_names(self) -> list[str]:
        """The configured orgs."""
        return sorted(self.settings.orgs)

    def org(self, name: str) -> Org:
        """The org with its collaborators, made once; UnknownReference if it is not configured."""
        if name not in self._orgs:
            if name not in self.settings.orgs:
                raise UnknownReference(unknown_org(name, self.org_names))
            self._orgs[name] = self._make(name, self.settings.orgs[name])
        return self._orgs[name]

    def _make(self, name: str, settings: OrgSettings) -> Org:
        layout = load_layout(settings.layout)
        return Org(
            name=name,
            store=self.store,
            gateway=gateway(name, settings),
            rulebook=rulebook(settings),
            layout=layout.canonical(),
            jitter=random.random,
            monotonic=time.monotonic,
        )


def unknown_org(name: str, names: list[str]) -> str:
    """The sentence for an org that is not configured."""
    if not names:
        return (
            "No org is configured: set LICENSE_SYNC_ORGS__NAME__LOGIN_URL, __CLIENT_ID and "
            "__CLIENT_SECRET (the README shows how)."
        )
    return f"There is no org {name!r}: name one of {', '.join(names)}."


def policy(settings: OrgSettings) -> Policy:
    """The org's policy with its options; PolicyError says what is wrong with it."""
    loaded = load_policy(settings.policy)
    return loaded.with_options(on_conflict=settings.on_conflict, inactive=settings.inactive)


def rulebook(settings: OrgSettings) -> Rulebook:
    """The org's rules: its policy with its features."""
    chosen = policy(settings)
    return Rulebook(chosen, chosen.features_of(settings.features))


def gateway(name: str, settings: OrgSettings) -> Gateway:
    """The org's API; no network before it is used."""
    connection = Connection(
        org=name,
        login_url=settings.login_url,
        credentials=_credentials(settings),
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        api_version=settings.api_version,
    )
    return connect(connection, load_layout(settings.layout))


def _credentials(settings: OrgSettings) -> Credentials:
    secret = settings.secret()
    if secret is not None:
        return ClientCredentials(settings.client_id, secret)
    assert settings.username is not None
    assert settings.private_key_file is not None
    key = settings.private_key_file.read_text(encoding="ascii")
    return JwtBearer(settings.client_id, settings.username, key)
