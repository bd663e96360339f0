"""The one place that picks adapters: from settings to a store, and to orgs to work on."""

import random
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from config.alerting import AppriseMessenger
from config.errors import BadSettings
from config.layouts import load_layout
from config.policies import load_policy
from config.settings import PREFIX, OrgSettings, Settings
from config.state import make_state_dir
from sync.arming import Mode
from sync.budget import Budget
from sync.errors import StoreUnavailable, SyncError, UnknownReference
from sync.metering import Net
from sync.org import Org
from sync.policy import Policy
from sync.ports.brake import Brake, Limits
from sync.rules import Rulebook
from sync.salesforce.gateway import Connection, Gateway, connect
from sync.salesforce.login import ClientCredentials, Credentials, JwtBearer
from sync.store.engine import make_engine
from sync.store.schema import require_current, upgrade
from sync.store.store import SqlStore
from sync.telling import Surroundings, Teller


class Runtime:
    """What one process works with. Nothing is opened before it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._orgs: dict[str, Org] = {}
        self._teller: Teller | None = None

    @cached_property
    def store(self) -> SqlStore:
        """The store. A SQLite file gets its tables by itself, a server gets them by `migrate`."""
        engine = make_engine(self._database())
        if engine.dialect.name == "sqlite":
            upgrade(engine)
        else:
            require_current(engine)
        return SqlStore(engine)

    def migrate(self) -> None:
        """Bring the database to this version's tables."""
        upgrade(make_engine(self._database()))

    def _database(self) -> str:
        """The database's URL. Only a database of our own needs the state folder."""
        if self.settings.database_url is None:
            make_state_dir(self.settings.state_dir)
        return self.settings.database()

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

    def teller(self, page_url: str | None = None) -> Teller:
        """What tells people of trouble, made once; `page_url` is where they can look."""
        if self._teller is None:
            messenger = AppriseMessenger(self.settings)
            self._teller = Teller(self.store, messenger, time.monotonic, page_url)
        return self._teller

    def may_run(self, name: str) -> bool:
        """Whether an org's runs may call it now; not if it cannot be made, as `problems` say."""
        try:
            return self.org(name).may_run()
        except StoreUnavailable:
            raise
        except SyncError:
            return False

    def surroundings(self, brakes: Sequence[Brake] = ()) -> Surroundings:
        """What alerts have to know of the orgs besides what is stored; no network."""
        working, problems = set(), {}
        for name in self.org_names:
            try:
                if self.org(name).mode(self.store.state(name)) is Mode.ARMED:
                    working.add(name)
            except StoreUnavailable:
                raise
            except SyncError as error:
                problems[name] = str(error)
        dates = {name: org.credentials_expire_on for name, org in self.settings.orgs.items()}
        return Surroundings(
            orgs=self.org_names,
            working=frozenset(working),
            problems=problems,
            expiries={name: on for name, on in dates.items() if on is not None},
            brakes=brakes,
        )

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
            sleep=time.sleep,
            limits=limits(settings),
            budget=budget(settings),
            writes_per_hour=settings.writes_per_hour,
            net=Net(self.settings.events_poll_seconds, self.settings.events_overlap_seconds),
        )


def limits(settings: OrgSettings) -> Limits:
    """What the org may lose without a person."""
    return Limits(
        licenses=settings.brake_licenses,
        share=settings.brake_share,
        minutes=settings.brake_minutes,
    )


def budget(settings: OrgSettings) -> Budget:
    """What the org's API calls are kept for."""
    return Budget(
        reconcile=settings.budget_reconcile,
        poll=settings.budget_poll,
        reserve=settings.budget_reserve,
        probe_seconds=settings.budget_probe_seconds,
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
        credentials=_credentials(name, settings),
        ca_file=str(settings.ca_file) if settings.ca_file else None,
        api_version=settings.api_version,
    )
    return connect(connection, load_layout(settings.layout))


def _credentials(name: str, settings: OrgSettings) -> Credentials:
    """What the org's app or user logs in with; files are read here. BadSettings."""
    secret, key = settings.client_secret, settings.private_key_file
    if secret is not None:
        return ClientCredentials(settings.client_id, secret.get_secret_value())
    if settings.client_secret_file is not None:
        return ClientCredentials(
            settings.client_id,
            file_content(name, "client_secret_file", settings.client_secret_file, _CONSUMER),
        )
    assert settings.username is not None
    assert key is not None
    text = file_content(name, "private_key_file", key, _KEY_FILE)
    return JwtBearer(settings.client_id, settings.username, text)


_CONSUMER = "let it hold the consumer secret as UTF-8 text"
_KEY_FILE = "let it hold PEM text (`openssl pkey -inform DER -in KEY -out KEY.pem` makes that)"


def file_content(name: str, setting: str, path: Path, mend: str) -> str:
    """What a file holds that one of an org's settings names; BadSettings."""
    try:
        text, problem = path.read_text(encoding="utf-8").strip(), "is empty"
    except UnicodeDecodeError:
        text, problem = "", "is no text"
    except OSError as error:
        text, problem = "", f"cannot be read ({error.strerror})"
    if not text:
        where = f"{PREFIX}ORGS__{name.upper()}__{setting.upper()}"
        raise BadSettings([f"{where}: {path} {problem}; {mend}."])
    return text
