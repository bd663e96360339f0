"""The Salesforce DX project itself: what a deployment would trip over, and who may do what."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.schema.access import Access
from simulator.schema.metadata import SPACE, read_schema
from tests.simulator.running import ROOT

BASE = ROOT / "sfdx" / "force-app" / "main" / "default"
SCHEMA = read_schema(ROOT / "sfdx")
USER = SCHEMA.objects["user"]
NAMES = ["CTI", "Freedom", "SCV", "PBX", "Contact_Center", "Record", "PCI", "Insight"]
REQUESTED = {f"Requested_{name}__c" for name in NAMES}
EFFECTIVE = {f"Effective_{name}__c" for name in NAMES}
OWN = {"License_Sync_Status__c", "License_Sync_Message__c", "License_Sync_Decided__c"}
STATE = {"License_Sync_State__c"}


def text(path: Path, name: str) -> str | None:
    return ElementTree.parse(path).getroot().findtext(SPACE + name)


@pytest.mark.parametrize("path", sorted(BASE.rglob("*.field-meta.xml")), ids=lambda p: p.name)
def test_field_files(path: Path) -> None:
    assert path.name == f"{text(path, 'fullName')}.field-meta.xml"
    assert len(text(path, "label") or "") in range(1, 41)
    assert len(text(path, "inlineHelpText") or "") <= 510
    assert len(text(path, "description") or "") in range(1, 1001)
    if text(path, "type") == "Checkbox":
        assert text(path, "defaultValue") == "false"


def test_the_fields_of_the_layout() -> None:
    assert {f.name for f in USER.fields if f.custom} == REQUESTED | EFFECTIVE | OWN | STATE


@pytest.mark.parametrize(
    ("name", "editable"),
    [
        ("License_Sync_Integration", REQUESTED | EFFECTIVE | OWN),
        ("License_Sync_Admin", REQUESTED),
    ],
)
def test_permission_sets(name: str, editable: set[str]) -> None:
    granted = SCHEMA.permission_sets[name]
    assert {key.split(".")[0] for key in granted.fields} == {"user"}
    assert all(USER.field(key.split(".")[1]) for key in granted.fields)
    access = Access("005000000000001AAA", (granted,))
    custom = {f.name for f in USER.fields if f.custom}
    assert {n for n in access.editable_fields(USER) if n in custom} == editable
    assert {f.name for f in access.visible_fields(USER).values()} >= custom


def test_the_list_view_shows_fields_that_exist() -> None:
    root = ElementTree.parse(
        BASE / "objects/User/listViews/License_Sync_Attention.listView-meta.xml"
    ).getroot()
    named = [e.text or "" for e in root.iter() if (e.text or "").endswith("__c")]
    assert named
    assert all(USER.field(name) for name in named)
    assert root.findtext(f"{SPACE}filters/{SPACE}value") == "In sync"


def test_nobody_sees_a_field_without_a_permission_set() -> None:
    nobody = Access("005000000000001AAA", ())
    assert not [f for f in nobody.visible_fields(USER).values() if f.custom]
    assert not nobody.may_edit(USER)
