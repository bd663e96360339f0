import copy
from typing import Any

import pytest

from sync.model import Status
from sync.salesforce.describe import SchemaProblem, schema_problems, sentence
from sync.salesforce.fields import Layout


@pytest.fixture
def described(layout: Layout) -> dict[str, Any]:
    """An answer that fits, as far as it is looked at; describe() gives names in their own case."""
    fields = {name: field(name, "string", updateable=False, length=80) for name in layout.read}
    for name in (*layout.requested.values(), *layout.effective.values(), "IsActive"):
        fields[name] = field(name, "boolean")
    values = [{"active": True, "value": status.value, "label": "x"} for status in Status]
    fields[layout.status] = field(
        layout.status, "picklist", length=255, picklistValues=values, restrictedPicklist=True
    )
    fields[layout.message] = field(layout.message, "string", length=255)
    fields[layout.decided] = field(layout.decided, "string", length=16)
    return {"name": "User", "updateable": True, "fields": list(fields.values())}


def field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "updateable": True, "length": 0, **more}


def changed(described: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    described = copy.deepcopy(described)
    next(f for f in described["fields"] if f["name"] == name).update(changes)
    return described


def without(described: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**described, "fields": [f for f in described["fields"] if f["name"] not in names]}


def test_an_org_that_fits_has_no_problem(layout: Layout, described: dict[str, Any]) -> None:
    assert schema_problems(layout, described) == ()
    assert sentence(()) is None


def test_names_are_matched_without_case(layout: Layout, described: dict[str, Any]) -> None:
    for one in described["fields"]:
        one["name"] = one["name"].upper()
    assert schema_problems(layout, described) == ()


def test_each_field_that_is_missing_is_named(layout: Layout, described: dict[str, Any]) -> None:
    for name in layout.read:
        (problem,) = schema_problems(layout, without(described, name))
        assert (problem.field, problem.what) == (name, "is missing or hidden")
        assert "License Sync Integration" in problem.mend
        assert problem.blocks


def test_all_problems_come_at_once_and_make_one_sentence(
    layout: Layout, described: dict[str, Any]
) -> None:
    bad = without(described, "Effective_CTI__c", "Requested_CTI__c")
    bad = changed(bad, "Effective_SCV__c", updateable=False)
    bad = changed(bad, "Requested_SCV__c", updateable=False)
    problems = schema_problems(layout, bad)
    assert [(p.field, p.blocks) for p in problems] == [
        ("Requested_CTI__c", True),
        ("Requested_SCV__c", False),
        ("Effective_CTI__c", True),
        ("Effective_SCV__c", True),
    ]
    assert sentence(problems) == (
        "Nothing is written, since the org does not fit the layout: Requested_CTI__c is missing or"
        " hidden, Effective_CTI__c is missing or hidden, Effective_SCV__c is read-only for the"
        " integration user; deploy it from sfdx/ and assign the permission set License Sync"
        " Integration; give the integration user edit access: assign the permission set License"
        " Sync Integration."
    )


def test_every_owned_field_has_to_be_updateable(layout: Layout, described: dict[str, Any]) -> None:
    for name in layout.owned:
        (problem,) = schema_problems(layout, changed(described, name, updateable=False))
        assert (problem.field, problem.blocks) == (name, True)
        assert "read-only" in problem.what


def test_a_requested_field_that_is_read_only_blocks_nothing(
    layout: Layout, described: dict[str, Any]
) -> None:
    for name in layout.requested.values():
        problems = schema_problems(layout, changed(described, name, updateable=False))
        assert [p.blocks for p in problems] == [False]
        assert sentence(problems) is None


def test_every_flag_has_to_be_a_checkbox(layout: Layout, described: dict[str, Any]) -> None:
    for name in (*layout.requested.values(), *layout.effective.values(), "IsActive"):
        (problem,) = schema_problems(layout, changed(described, name, type="string"))
        assert problem.what == "is of type string, not a checkbox"


@pytest.mark.parametrize(
    ("name", "changes", "what", "blocks"),
    [
        ("License_Sync_Message__c", {"length": 254}, "takes 254 characters and needs 255", True),
        ("License_Sync_Message__c", {"type": "double"},
         "is of type double, not a text field", True),
        ("License_Sync_Decided__c", {"length": 7}, "takes 7 characters and needs 8", True),
        ("License_Sync_Status__c", {"type": "boolean"}, "is of type boolean, not a picklist", True),
        ("License_Sync_Status__c", {"type": "string", "length": 8},
         "takes 8 characters and needs 9", True),
        ("License_Sync_Status__c", {"picklistValues": None},
         "lacks the picklist value In sync, Corrected, Conflict, Failed", True),
        ("License_Sync_Status__c", {"picklistValues": [], "restrictedPicklist": False},
         "lacks the picklist value In sync, Corrected, Conflict, Failed", False),
    ],
)  # fmt: skip
def test_fields_of_another_kind(
    layout: Layout, described: dict[str, Any], name: str, changes: Any, what: str, blocks: bool
) -> None:
    (problem,) = schema_problems(layout, changed(described, name, **changes))
    assert (problem.field, problem.what, problem.blocks) == (name, what, blocks)


def test_an_inactive_picklist_value_is_missing(layout: Layout, described: dict[str, Any]) -> None:
    values = [{"active": status is not Status.FAILED, "value": status} for status in Status]
    bad = changed(described, "License_Sync_Status__c", picklistValues=values)
    (problem,) = schema_problems(layout, bad)
    assert problem.what == "lacks the picklist value Failed"


def test_an_object_that_may_not_be_edited(layout: Layout, described: dict[str, Any]) -> None:
    (problem,) = schema_problems(layout, {**described, "updateable": False})
    assert isinstance(problem, SchemaProblem)
    assert str(problem).startswith("User cannot be edited by the integration user; ")
