"""A project with one object of the customer's own: keys, lookups, every type of value."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulator.running import ROOT, Client, Simulator

SPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
OBJECT = f"""<CustomObject {SPACE}><label>Seat</label><nameField><label>Seat Name</label>
<type>Text</type></nameField><pluralLabel>Seats</pluralLabel></CustomObject>"""
FIELDS = {
    "Code__c": "<type>Text</type><length>20</length><unique>true</unique>"
    "<externalId>true</externalId>",
    "Holder__c": "<type>Lookup</type><referenceTo>User</referenceTo>",
    "Booked__c": "<type>Checkbox</type><defaultValue>false</defaultValue>",
    "Price__c": "<type>Number</type><precision>10</precision><scale>2</scale>",
    "Since__c": "<type>DateTime</type>",
    "Note__c": "<type>Text</type><length>50</length>",
}
RIGHT = "<fieldPermissions><editable>true</editable><field>Seat__c.{}</field>"
RIGHT += "<readable>true</readable></fieldPermissions>"
HARD_DELETE = "<userPermissions><enabled>true</enabled><name>BulkApiHardDelete</name>"
HARD_DELETE += "</userPermissions>"


def project(folder: Path, *, hard_delete: bool = True) -> Path:
    """Writes the project; the integration user may do everything with its object."""
    made = folder / "sfdx"
    shutil.copytree(ROOT / "sfdx", made)
    base = made / "force-app" / "main" / "default"
    fields = base / "objects" / "Seat__c" / "fields"
    fields.mkdir(parents=True)
    (fields.parent / "Seat__c.object-meta.xml").write_text(OBJECT)
    for name, inside in FIELDS.items():
        text = f"<CustomField {SPACE}><fullName>{name}</fullName><label>{name}</label>{inside}"
        (fields / f"{name}.field-meta.xml").write_text(f"{text}</CustomField>")
    rights = base / "permissionsets" / "License_Sync_Integration.permissionset-meta.xml"
    more = "".join(RIGHT.format(name) for name in FIELDS) + HARD_DELETE * hard_delete
    end = "</PermissionSet>"
    rights.write_text(rights.read_text().replace(end, more + end))
    return made


@contextmanager
def org_with_seats(folder: Path, *, users: int, seed: int) -> Iterator[Simulator]:
    """An org with an object that can be deleted and has an external id."""
    simulator = Simulator(
        *("--users", str(users), "--seed", str(seed), "--schema", str(project(folder)))
    )
    yield simulator
    assert simulator.stop() == 0


def seat(client: Client, code: str) -> dict[str, Any]:
    """The seat with this code."""
    names = "Id, Name, Code__c, Holder__c, Booked__c, Price__c, Since__c, Note__c"
    [found] = client.soql(f"SELECT {names} FROM Seat__c WHERE Code__c = '{code}'")
    return found
