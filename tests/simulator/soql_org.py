"""A small org in process, whose objects are made for queries: accounts, contacts, people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.database import Database
from simulator.records import Records
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.schema.standard import STANDARD_OBJECTS, audit, flag, lookup, record_id, text
from simulator.soql.execution import Queries
from simulator.storage import prepare

BASE = "/services/data/v59.0/"
NOW = 1_718_454_645  # 2024-06-15 12:30:45 UTC, a Saturday
DAY = 86_400
ME = "005000000000000AAA"
ACCOUNT = SObject(
    "Account",
    "Account",
    "Accounts",
    "001",
    deletable=True,
    fields=(
        record_id("Account ID"),
        text("Name", 255, name_field=True),
        Field("Industry", "picklist", "Industry", 40),
        Field("Amount", "double", "Amount"),
        Field("Staff", "int", "Staff"),
        Field("Founded", "date", "Founded"),
        Field("Tags", "multipicklist", "Tags", 255),
        Field("Story", "textarea", "Story", 32000),
        flag("IsDeleted", createable=False),
        lookup("OwnerId", "User", "Owner"),
        *audit(),
    ),
)
CONTACT = SObject(
    "Contact",
    "Contact",
    "Contacts",
    "003",
    deletable=True,
    fields=(
        record_id("Contact ID"),
        text("LastName", 80, name_field=True),
        flag("IsDeleted", createable=False),
        replace(lookup("AccountId", "Account", "Account"), child_relationship="Contacts"),
        *audit(),
    ),
)
SCHEMA = Schema({o.name.lower(): o for o in (*STANDARD_OBJECTS, ACCOUNT, CONTACT)}, {}, "small")
Row = dict[str, Any]


class SmallOrg:
    """Queries over rows that a test puts in."""

    def __init__(self, folder: Path, zone: str = "America/New_York", locale: str = "en_US") -> None:
        self.database = Database(folder / "org.db")
        prepare(self.database, SCHEMA)
        self._records = Records(self.database, SCHEMA)
        self.queries = Queries(self.database, SCHEMA)
        self.access = Access(ME, ())
        self.put(
            "user", [{"Id": ME, "LastName": "Me", "TimeZoneSidKey": zone, "LocaleSidKey": locale}]
        )

    def put(self, name: str, rows: list[Row]) -> None:
        sobject = SCHEMA.objects[name]
        blank = {f.name: f.stored_default for f in sobject.fields}
        stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), NOW)
        self._records.insert(sobject, [blank | stamps | row for row in rows])

    def page(self, text: str, *, batch: int = 2000, deleted: bool = False) -> dict[str, Any]:
        return self.queries.run(text, self.access, BASE, batch=batch, deleted=deleted, now=NOW)

    def more(self, url: str, *, batch: int = 2000) -> dict[str, Any]:
        locator = url.rsplit("/", 1)[1]
        return self.queries.more(locator, self.access, BASE, batch=batch, now=NOW)

    def records(self, text: str, **more: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page(text, **more)["records"]
        return found

    def values(self, text: str, **more: Any) -> list[Any]:
        """Of each record its values without the attributes; a single one by itself."""
        rows = [[v for k, v in r.items() if k != "attributes"] for r in self.records(text, **more)]
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]


def account_id(number: int) -> str:
    return f"001000000000{number:03d}AAA"


def contact_id(number: int) -> str:
    return f"003000000000{number:03d}AAA"


def trading_org(folder: Path) -> SmallOrg:
    """Three accounts (and a deleted one) with three contacts, one, and a deleted one."""
    made = SmallOrg(folder)
    made.put(
        "account",
        [
            {
                "Id": account_id(1),
                "Name": "Acme",
                "Industry": "Tech",
                "Amount": 100.0,
                "Staff": 5,
                "Founded": "2024-06-15",
                "Tags": "Red;Blue",
                "OwnerId": ME,
            },
            {
                "Id": account_id(2),
                "Name": "Bolt",
                "Industry": "Tech",
                "Amount": 200.5,
                "Staff": 7,
                "Founded": "2023-01-31",
                "Tags": "Blue",
            },
            {
                "Id": account_id(3),
                "Name": "Çelik",
                "Industry": "Steel",
                "Amount": None,
                "Tags": "Dark Red",
                "SystemModstamp": NOW - 400 * DAY,
            },
            {"Id": account_id(4), "Name": "Gone", "IsDeleted": 1},
        ],
    )
    made.put(
        "contact",
        [
            {"Id": contact_id(1), "LastName": "Zeta", "AccountId": account_id(1)},
            {"Id": contact_id(2), "LastName": "Alpha", "AccountId": account_id(1)},
            {"Id": contact_id(3), "LastName": "Beta", "AccountId": account_id(1)},
            {"Id": contact_id(4), "LastName": "Lone", "AccountId": account_id(2)},
            {"Id": contact_id(5), "LastName": "Nobody's"},
            {"Id": contact_id(6), "LastName": "Left", "AccountId": account_id(3), "IsDeleted": 1},
        ],
    )
    return made
