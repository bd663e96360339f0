"""The people, profiles and roles of a new org.

Dates count back from a fixed day, so that an org depends on its seed alone. Whole groups
share a stamp, as after a data load: ties are what pagination has to survive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulator import ids
from simulator.database import Database
from simulator.identity import ADMIN_SET, INTEGRATION_SET
from simulator.schema.model import Schema
from simulator.seed import licenses
from simulator.seed.dice import Dice
from simulator.seed.names import person
from simulator.seed.writing import Row, Writer

FOUNDED = 1_577_836_800  # 2020-01-01
TODAY = 1_748_736_000  # 2025-06-01
INACTIVE = 0.08
LOAD_SIZE = 50
ADMIN_PROFILE = "System Administrator"
PROFILES = (
    (ADMIN_PROFILE, "Standard"),
    ("Standard User", "Standard"),
    ("Sales Agent", "Standard"),
    ("Minimum Access - API Only Integrations", "Standard"),
    ("Chatter Free User", "CsnOnly"),
    ("Support Site Profile", "Guest"),
)
ROLES = ("Management", "Sales", "Support", "Contact Center East", "Contact Center West")
SYSTEM_USERS = (
    ("autoproc", "Automated", "Process", "AutomatedProcess", None),
    ("cloudintegration", "Platform", "Integration User", "CloudIntegrationUser", None),
    ("chatty.external", "Chatter", "Guest", "CsnOnly", "Chatter Free User"),
    ("support_site", "Support", "Site Guest User", "Guest", "Support Site Profile"),
)
ALIKE = {
    "IsActive": 1,
    "UserType": "Standard",
    "TimeZoneSidKey": "America/New_York",
    "LocaleSidKey": "en_US",
    "LanguageLocaleKey": "en_US",
    "EmailEncodingKey": "UTF-8",
    "CompanyName": "Simulated Org",
}
SAME_FOR_ALL = (
    "CompanyName",
    "Division",
    "Title",
    "Phone",
    "MobilePhone",
    "EmailEncodingKey",
    "FederationIdentifier",
    "ManagerId",
    "CreatedById",
    "LastModifiedById",
    "License_Sync_Decided__c",
    "License_Sync_Message__c",
    "License_Sync_Status__c",
)
AGENTS = ("Standard User", "Sales Agent")
DEPARTMENTS = ("Sales", "Support", "Back Office", None)
ZONES = (
    ("America/New_York", "en_US"),
    ("Europe/London", "en_GB"),
    ("Asia/Tokyo", "ja"),
    ("Asia/Jerusalem", "iw"),
)


@dataclass(frozen=True)
class Population:
    users: int
    seed: int
    brownfield: bool = False


class _Builder:
    def __init__(self, writer: Writer, schema: Schema, population: Population) -> None:
        self._writer = writer
        self._schema = schema
        self._population = population
        self._dice = Dice(population.seed)
        self.pod = "".join(self._dice.pick(ids.DIGITS[1:]) for _ in range(2))
        self._serial = 10_000 + self._dice.below(490_000)
        self.organization_id = ids.make("00D", self.pod, self._serial)
        self.admin_id, self.integration_id = self._id("005"), self._id("005")
        self._stamp = TODAY
        self._domain = f"{self.organization_id[:15].lower()}.example.com"
        self._anyone = self._row("user", ALIKE, FOUNDED, FOUNDED)

    def _id(self, prefix: str) -> str:
        """Serials have gaps, as in an org that many share."""
        self._serial += 1 + self._dice.below(4)
        return ids.make(prefix, self.pod, self._serial)

    def _row(self, name: str, values: Row, created: int, modified: int) -> Row:
        audit = {
            "CreatedDate": created,
            "CreatedById": self.admin_id,
            "LastModifiedDate": modified,
            "LastModifiedById": self.admin_id,
            "SystemModstamp": modified,
        }
        fields = self._schema.objects[name].fields
        return {field.name: field.stored_default for field in fields} | audit | values

    def _insert(self, name: str, values: list[Row]) -> None:
        rows = (self._row(name, v, FOUNDED, FOUNDED) for v in values)
        self._writer.write(self._schema.objects[name], rows, {})

    def furniture(self) -> tuple[dict[str, str], list[str]]:
        """Organization, profiles and roles; returns the ids that users point to."""
        self._insert(
            "organization",
            [
                {
                    "Id": self.organization_id,
                    "Name": "Simulated Org",
                    "InstanceName": "SIM1",
                    "IsSandbox": 1,
                    "OrganizationType": "Enterprise Edition",
                    "LanguageLocaleKey": "en_US",
                    "TimeZoneSidKey": "America/New_York",
                }
            ],
        )
        profiles = {name: self._id("00e") for name, _ in PROFILES}
        self._insert(
            "profile", [{"Id": profiles[n], "Name": n, "UserType": kind} for n, kind in PROFILES]
        )
        roles = [self._id("00E") for _ in ROLES]
        self._insert(
            "userrole",
            [
                {
                    "Id": i,
                    "Name": n,
                    "DeveloperName": n.replace(" ", "_"),
                    "ParentRoleId": None if i == roles[0] else roles[0],
                }
                for i, n in zip(roles, ROLES, strict=True)
            ],
        )
        return profiles, roles

    @property
    def alike(self) -> Row:
        """What every user has in common."""
        return {name: self._anyone[name] for name in SAME_FOR_ALL if name in self._anyone}

    def users(self, profiles: dict[str, str], roles: list[str]) -> Iterator[Row]:
        """Exactly as many standard users as asked for, and the system's own beside them.

        One after the other: a million rows are too many to hold.
        """
        admin = {"ProfileId": profiles[ADMIN_PROFILE]}
        yield self._user(self.admin_id, "admin", "Ada", "Admin", admin)
        integration = {"ProfileId": profiles["Minimum Access - API Only Integrations"]}
        yield self._user(
            self.integration_id,
            "license.sync",
            "License Sync",
            "Integration",
            integration,
        )
        for name, first, last, kind, profile in SYSTEM_USERS:
            more = {"UserType": kind, "ProfileId": profiles.get(profile or "")}
            yield self._user(self._id("005"), name, first, last, more)
        agents, homes = [profiles[name] for name in AGENTS], [None, *roles]
        for number in range(max(0, self._population.users - 2)):
            yield self._person(number, agents, homes)

    def _person(self, number: int, profiles: list[str], roles: list[str | None]) -> Row:
        dice = self._dice
        first, last = person(dice, number)
        profile = dice.pick(profiles)
        zone, language = dice.pick(ZONES)
        active = dice.share() >= INACTIVE
        record_id = self._id("005")
        more = {
            "ProfileId": profile,
            "UserRoleId": dice.pick(roles),
            "IsActive": int(active),
            "TimeZoneSidKey": zone,
            "LocaleSidKey": language,
            "LanguageLocaleKey": language,
            "Department": dice.pick(DEPARTMENTS),
            "EmployeeNumber": f"E{number:06d}",
            "LastLoginDate": TODAY - dice.below(90 * 86400) if active else None,
        }
        more.update(self._licenses())
        return self._user(record_id, f"user{number:06d}", first, last, more)

    def _licenses(self) -> dict[str, int]:
        if self._population.brownfield:
            return licenses.flags(frozenset(), licenses.brownfield(self._dice))
        held = licenses.clean(self._dice)
        return licenses.flags(held, held)

    def _user(self, record_id: str, name: str, first: str | None, last: str, more: Row) -> Row:
        if self._dice.share() < 1 / LOAD_SIZE:
            self._stamp = TODAY - self._dice.below(400 * 86400)
        row = self._anyone.copy()
        row["Id"] = record_id
        row["Username"] = f"{name}@{self._domain}"
        row["Email"] = f"{name}@example.com"
        row["FirstName"], row["LastName"] = first, last
        row["Alias"], row["CommunityNickname"] = name[:8], name[:40]
        row["CreatedDate"] = FOUNDED + self._dice.below(365 * 86400)
        row["LastModifiedDate"] = row["SystemModstamp"] = self._stamp
        row.update(more)
        return row


def seed_org(database: Database, schema: Schema, population: Population) -> None:
    """Fills an empty org; needs an open transaction."""
    writer = Writer(database)
    builder = _Builder(writer, schema, population)
    profiles, roles = builder.furniture()
    writer.write(schema.objects["user"], builder.users(profiles, roles), builder.alike)
    database.executemany(
        "INSERT INTO assignment VALUES (?, ?)",
        [(builder.integration_id, INTEGRATION_SET), (builder.admin_id, ADMIN_SET)],
    )
    found = {
        "organization_id": builder.organization_id,
        "admin_id": builder.admin_id,
        "integration_id": builder.integration_id,
        "pod": builder.pod,
    }
    for name, value in found.items():
        database.set_setting(name, value)
