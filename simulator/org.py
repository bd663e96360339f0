"""The org: what the parts of a request handler need, in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from simulator.auth import Tokens
from simulator.automations.book import Actors, Automations
from simulator.background import Background
from simulator.bulk.jobs import Jobs
from simulator.bulk.settings import BulkSettings
from simulator.clock import Clock
from simulator.concurrency import Concurrency
from simulator.database import Database
from simulator.faults import Faults
from simulator.hosts import DOMAIN
from simulator.identity import App, load_app
from simulator.journal import Journal
from simulator.locks import Locks
from simulator.openid import OpenId
from simulator.outbound.outbox import Outbox
from simulator.people import People
from simulator.permission_records import mirror_permission_sets
from simulator.pubsub.events import Events
from simulator.quota import Quota
from simulator.records import Records
from simulator.schema.access import Access
from simulator.schema.model import Schema
from simulator.seed.cache import SeedCache
from simulator.seed.population import ADMIN_PROFILE, Population, seed_org
from simulator.soql.execution import Queries
from simulator.storage import index, prepare

DAILY_CALLS = 100_000
CALLS_PER_USER = 1000


@dataclass(frozen=True)
class OrgSettings:
    folder: Path
    population: Population
    token_lifetime: float
    bulk: BulkSettings = field(default_factory=BulkSettings)
    seed_cache: Path | None = None
    prolonged: bool = False
    domain: str = DOMAIN


class Org:
    """One simulated org over one folder. A folder that has an org keeps it."""

    def __init__(self, settings: OrgSettings, schema: Schema) -> None:
        self.schema = schema
        cache = (
            SeedCache(settings.seed_cache, settings.population, schema)
            if settings.seed_cache
            else None
        )
        if cache:
            cache.fetch(settings.folder / "org.db")
        self.db = Database(settings.folder / "org.db")
        prepare(self.db, schema)
        self.clock = Clock(float(self.db.setting("clock_offset", "0")))
        self.records = Records(self.db, schema)
        if not self.db.setting("organization_id"):
            self._seed(settings.population, cache)
        index(self.db, schema)
        with self.db.transaction():
            mirror_permission_sets(self.db, self.records)
        self.retired_versions: set[str] = set()
        self.app: App = load_app(self.db, settings.folder)
        self.queries = Queries(self.db, schema)
        self.openid = OpenId(self.db, settings.folder)
        self.tokens = Tokens(self.db, settings.token_lifetime, prolonged=settings.prolonged)
        self.people = People(self.db, (self.admin_id, self.integration_id))
        self.domain = settings.domain
        self.journal = Journal(self.db)
        self.faults = Faults(self.clock)
        self.locks = Locks()
        self.quota = Quota(self.db, self.clock)
        self.concurrency = Concurrency()
        self.automations = Automations(
            self.db, self.clock, self.records, self.locks, Actors(self.role_of, self._id_of)
        )
        self.records.triggers = self.automations
        self.events = Events(self.db, self.clock, schema)
        self.db.watcher = self.events
        self.outbound = Outbox(self.db, schema, self.role_of)
        self.bulk = settings.bulk
        self.jobs = Jobs(self.db, settings.folder / "bulk")
        self.background = Background()
        self._access: dict[str, Access] = {}
        self._access_version = self.faults.version

    def _seed(self, population: Population, cache: SeedCache | None) -> None:
        with self.db.transaction():
            most = DAILY_CALLS + CALLS_PER_USER * population.users
            self.db.set_setting("api_max", str(most))
            seed_org(self.db, self.schema, population)
            self.db.set_setting("schema_date", str(self.clock.seconds()))
        index(self.db, self.schema)
        if cache:
            cache.keep(self.db)

    @property
    def organization_id(self) -> str:
        return self.db.setting("organization_id")

    @property
    def integration_id(self) -> str:
        return self.db.setting("integration_id")

    @property
    def admin_id(self) -> str:
        return self.db.setting("admin_id")

    @property
    def automation_id(self) -> str:
        """The automated process user, in whose name asynchronous flows run."""
        sql = "SELECT Id FROM \"so_User\" WHERE UserType = 'AutomatedProcess'"
        return str(self.db.execute(sql).fetchone()[0])

    def username(self, user_id: str) -> str:
        return str(self.records.get(self.schema.objects["user"], user_id)["Username"])

    def role_of(self, user_id: str | None) -> str:
        """The word by which faults name a user. Nobody yet (a login) counts as the integration."""
        if user_id is None or user_id == self.integration_id:
            return "integration"
        return "admin" if user_id == self.admin_id else user_id

    def _id_of(self, role: str) -> str:
        people = {"admin": "admin_id", "integration": "integration_id"}
        if role == "automation":
            return self.automation_id
        return str(getattr(self, people[role])) if role in people else role

    def access(self, user_id: str) -> Access:
        """What this user may see and change, field faults included."""
        version = self.faults.version
        if self._access_version != version:
            self._access, self._access_version = {}, version
        if user_id not in self._access:
            self._access[user_id] = self._make_access(user_id)
        return self._access[user_id]

    def _make_access(self, user_id: str) -> Access:
        rows = self.db.execute(
            "SELECT permission_set FROM assignment WHERE user_id = ?", (user_id,)
        )
        sets = tuple(
            self.schema.permission_sets[row[0]]
            for row in rows
            if row[0] in self.schema.permission_sets
        )
        profile = self.db.execute(
            'SELECT p.Name FROM "so_User" u JOIN "so_Profile" p ON p.Id = u.ProfileId WHERE '
            "u.Id = ?",
            (user_id,),
        ).fetchone()
        role = self.role_of(user_id)
        return Access(
            user_id,
            sets,
            is_admin=profile is not None and profile[0] == ADMIN_PROFILE,
            hidden=self.faults.restricted_fields("hidden_field", role)
            | self.faults.restricted_fields("removed_field", role),
            read_only=self.faults.restricted_fields("read_only_field", role),
            closed=self.faults.closed_objects(role),
        )

    def close(self) -> None:
        self.db.close()
