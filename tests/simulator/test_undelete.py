"""Records without HTTP: the recycle bin, and objects that cannot be read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.errors import ApiError
from simulator.org import Org, OrgSettings
from simulator.records import Author
from simulator.schema.metadata import read_schema
from simulator.seed.population import Population
from tests.simulator.running import ROOT

FIELD = """<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
<fullName>{name}</fullName><label>{name}</label><type>{type}</type>{more}</CustomField>"""
OBJECT = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
<label>Seat</label><nameField><label>No</label><type>AutoNumber</type>
<displayFormat>S-{000}</displayFormat></nameField><pluralLabel>Seats</pluralLabel></CustomObject>"""


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    settings = OrgSettings(tmp_path, Population(3, 1), 60.0)
    org = Org(settings, read_schema(ROOT / "sfdx"))
    yield org
    org.close()


def author(org: Org, at: float) -> Author:
    return Author(org.access(org.admin_id), None, at, at)


def test_an_undelete_brings_back_what_went_with_it(org: Org) -> None:
    account, contact = (org.schema.objects[name] for name in ("account", "contact"))
    records = org.records
    with org.db.transaction():
        parent = records.create(author(org, 10), account, {"Name": "A"})
        early, late = (
            records.create(author(org, 10), contact, {"LastName": name, "AccountId": parent})
            for name in ("early", "late")
        )
        records.delete(author(org, 20), contact, records.get(contact, early))
        records.delete(author(org, 30), account, records.get(account, parent))
        row = records.fetch(account, [parent])[parent]
        records.undelete(author(org, 40), account, row)
    assert (row["IsDeleted"], row["SystemModstamp"]) == (0, 40)
    assert records.get(account, parent) == row
    assert records.get(contact, late)["AccountId"] == parent
    with pytest.raises(ApiError, match="ENTITY_IS_DELETED"):
        records.get(contact, early)


def test_what_is_not_deleted_cannot_be_undeleted(org: Org) -> None:
    account = org.schema.objects["account"]
    with org.db.transaction():
        made = org.records.create(author(org, 10), account, {"Name": "A"})
        with pytest.raises(ApiError, match="UNDELETE_FAILED"):
            org.records.undelete(author(org, 20), account, org.records.get(account, made))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('name = "X__c"\nlabel = "X"\nprefix = "a1X"\ncolour = 1\n[fields]\n', "colour"),
        ('name = "X__c"\nlabel = "X"\nprefix = "a1X"\n[fields]\nA = {type = "text"}\n', "text"),
        ('name = "X__c"\nlabel = "X"\n[fields]\n', "prefix"),
        ("name = ", "X.toml"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "X.toml").write_text(text)
    with pytest.raises(ValueError, match=r"X\.toml") as caught:
        read_schema(ROOT / "sfdx", tmp_path)
    assert told in str(caught.value)


def test_field_types_of_a_project(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sfdx", tmp_path / "sfdx")
    folder = tmp_path / "sfdx/force-app/main/default/objects/Seat__c"
    (folder / "fields").mkdir(parents=True)
    (folder / "Seat__c.object-meta.xml").write_text(OBJECT)
    master = "<referenceTo>Account</referenceTo><relationshipName>Seats</relationshipName>"
    key = "<externalId>true</externalId><unique>true</unique><length>9</length>"
    price = "<precision>8</precision><scale>2</scale>"
    kinds = {
        "Day": ("Date", "", "date"),
        "Price": ("Currency", price, "currency"),
        "Share": ("Percent", price, "percent"),
        "Kinds": ("MultiselectPicklist", "", "multipicklist"),
        "Serial": ("AutoNumber", "<displayFormat>{00}</displayFormat>", "string"),
        "Page": ("Html", "<length>32768</length>", "textarea"),
        "Notes": ("LongTextArea", "<length>32768</length>", "textarea"),
        "Account": ("MasterDetail", master, "reference"),
        "Secret": ("EncryptedText", "<length>20</length>", "encryptedstring"),
        "Key": ("Text", key, "string"),
    }
    for name, (kind, more, _) in kinds.items():
        text = FIELD.format(name=f"{name}__c", type=kind, more=more)
        (folder / "fields" / f"{name}__c.field-meta.xml").write_text(text)
    seat = read_schema(tmp_path / "sfdx").objects["seat__c"]
    found = {name: seat.by_name[f"{name.lower()}__c"] for name in kinds}
    assert {name: f.type for name, f in found.items()} == {n: k[2] for n, k in kinds.items()}
    assert (found["Price"].precision, found["Price"].scale) == (8, 2)
    assert (found["Account"].child_relationship, found["Account"].cascade) == ("Seats__r", True)
    assert (found["Key"].external_id, found["Key"].unique, found["Key"].length) == (True, True, 9)
    assert (found["Serial"].auto_number, found["Serial"].createable) == ("{00}", False)
    assert seat.by_name["name"].auto_number == "S-{000}"
