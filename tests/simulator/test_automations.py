"""What the org does by itself when a record is saved, whichever way it is saved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.running import Client, Simulator

FLAG = "Effective_PBX__c"


@pytest.fixture
def org(org: Simulator) -> Iterator[Simulator]:
    yield org
    org.control("DELETE", "automations")


def automate(org: Simulator, kind: str, **more: Any) -> Any:
    return org.control("POST", "automations", {"kind": kind, **more})


def value(sync: Client, user: str, field: str = FLAG) -> Any:
    return sync.soql(f"SELECT {field} FROM User WHERE Id = '{user}'")[0][field]


def ways(sync: Client, user: str, fields: dict[str, Any]) -> list[tuple[bool, Any]]:
    """The same update by each way that can write: whether it worked, and its error."""
    record = {"attributes": {"type": "User"}, "id": user, **fields}
    inner = {
        "method": "PATCH",
        "url": f"/services/data/v59.0/sobjects/User/{user}",
        "referenceId": "a",
        "body": fields,
    }
    single = sync.call("PATCH", f"sobjects/User/{user}", json=fields)
    [item] = sync.call("PATCH", "composite/sobjects", json={"records": [record]}).json()
    composite = sync.call("POST", "composite", json={"compositeRequest": [inner]}).json()
    [sub] = composite["compositeResponse"]
    return [
        (single.status_code == 204, single.json()[0] if single.content else None),
        (item["success"], item["errors"][0] if item["errors"] else None),
        (sub["httpStatusCode"] == 204, sub["body"][0] if sub["body"] else None),
    ]


def test_a_validation_rule_refuses_by_every_way(org: Simulator, sync: Client, user: str) -> None:
    rule = {"formula": 'AND(Effective_PBX__c, Title = "no")', "message": "No PBX.", "field": FLAG}
    automate(org, "validation_rule", **rule)
    since = org.last_change()
    for worked, error in ways(sync, user, {FLAG: True, "Title": "no"}):
        assert not worked
        code = error.get("errorCode") or error.get("statusCode")
        assert code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        assert (error["message"], error["fields"]) == ("No PBX.", [FLAG])
    assert org.changes(since) == []
    assert all(worked for worked, _ in ways(sync, user, {FLAG: True, "Title": "yes"}))


def test_a_rule_sees_the_record_as_it_will_be(org: Simulator, sync: Client, user: str) -> None:
    sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: True})
    automate(org, "validation_rule", formula=f'AND({FLAG}, Title = "no")')
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "no"}).status_code == 400
    assert sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: False}).status_code == 204
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "no"}).status_code == 204


@pytest.mark.parametrize(
    ("cause", "part"),
    [
        ("exception", "System.NullPointerException"),
        ("row_lock", "first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access"),
        ("cpu", "Apex CPU time limit exceeded"),
    ],
)
def test_a_trigger_that_fails(
    org: Simulator, sync: Client, people: list[str], cause: str, part: str
) -> None:
    automate(org, "failing_trigger", cause=cause, when={"ids": [people[0]]})
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "t"} for p in people[:2]]
    first, second = sync.call("PATCH", "composite/sobjects", json={"records": records}).json()
    assert second["success"]
    [error] = first["errors"]
    assert error["statusCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert part in error["message"]
    assert cause != "row_lock" or people[0] in error["message"]


def test_a_flow_that_fails_for_a_while(org: Simulator, sync: Client, user: str) -> None:
    automate(org, "failing_trigger", code="CANNOT_EXECUTE_FLOW_TRIGGER", count=2, field=FLAG)
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "t"}).status_code == 204
    answers = [
        sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: not value(sync, user)})
        for _ in range(3)
    ]
    assert [a.status_code for a in answers] == [400, 400, 204]
    assert answers[0].json()[0]["errorCode"] == "CANNOT_EXECUTE_FLOW_TRIGGER"


def test_a_trigger_reverts_in_the_same_transaction(org: Simulator, sync: Client, user: str) -> None:
    held = value(sync, user)
    automate(org, "reverting", field=FLAG, name="PBX guard")
    since = org.last_change()
    for worked, _ in ways(sync, user, {FLAG: not held, "Title": "kept"}):
        assert worked
    assert (value(sync, user), value(sync, user, "Title")) == (held, "kept")
    changes = org.changes(since)
    assert [c.get("automation") for c in changes] == [None, "PBX guard"] * 3
    integration = org.control("GET", "state")["integration_id"]
    assert {c["by"] for c in changes} == {integration}
    assert changes[1]["before"] == {FLAG: not held}
    assert changes[1]["after"] == {FLAG: held}
    assert changes[1]["call"] == changes[0]["call"]


def test_a_flow_reverts_later_in_its_own_name(org: Simulator, sync: Client, user: str) -> None:
    held = value(sync, user)
    automate(org, "reverting", field=FLAG, seconds=0.4, count=1, when={"by": "integration"})
    since = org.last_change()
    sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: not held})
    assert value(sync, user) is (not held)
    assert org.control("GET", "automations")["waiting"] == 1
    await_change(org, since + 2)
    assert value(sync, user) is held
    ours, theirs = org.changes(since)
    assert theirs["by"] == org.control("GET", "state")["automation_id"] != ours["by"]
    assert theirs["automation"].startswith("reverting")
    assert theirs["call"] is None
    sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: not held})
    time.sleep(0.7)
    assert value(sync, user) is (not held)


def test_only_some_people_s_writes_are_meant(org: Simulator, admin: Client, user: str) -> None:
    automate(org, "failing_trigger", when={"by": "integration"})
    assert admin.call("PATCH", f"sobjects/User/{user}", json={"Title": "a"}).status_code == 204
    automate(org, "failing_trigger", when={"by": "admin"})
    assert admin.call("PATCH", f"sobjects/User/{user}", json={"Title": "b"}).status_code == 400


def test_a_share_of_the_records_is_always_the_same(
    org: Simulator, sync: Client, people: list[str]
) -> None:
    automate(org, "failing_trigger", when={"share": 0.3, "seed": 4})
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "t"} for p in people[:100]]
    first, second = (
        [
            r["success"]
            for r in sync.call("PATCH", "composite/sobjects", json={"records": records}).json()
        ]
        for _ in range(2)
    )
    assert first == second
    assert 10 <= first.count(False) <= 50


@pytest.mark.parametrize("seconds", [0, 0.2])
def test_one_field_edits_another(org: Simulator, sync: Client, user: str, seconds: float) -> None:
    held = value(sync, user)
    sets = {"department": "Phones", "Requested_PBX__c": True}
    automate(org, "editing", field=FLAG, sets=sets, seconds=seconds, by="admin")
    since = org.last_change()
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "not meant"})
    sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: not held})
    await_change(org, since + 3)
    assert value(sync, user, "Department") == "Phones"
    assert value(sync, user, "Requested_PBX__c") is True
    state = org.control("GET", "state")
    assert org.changes(since)[2]["by"] == state["admin_id" if seconds else "integration_id"]


def test_what_is_rolled_back_sets_nothing_in_motion(
    org: Simulator, sync: Client, people: list[str]
) -> None:
    automate(org, "editing", field="Title", sets={"Department": "never"}, seconds=0.1)
    records = [
        {"attributes": {"type": "User"}, "id": people[0], "Title": str(time.time())},
        {"attributes": {"type": "User"}, "id": people[1], "Nope": 1},
    ]
    body = {"allOrNone": True, "records": records}
    assert not sync.call("PATCH", "composite/sobjects", json=body).json()[0]["success"]
    assert org.control("GET", "automations")["waiting"] == 0


def test_a_flow_waits_for_a_row_that_is_locked(org: Simulator, sync: Client, user: str) -> None:
    held = value(sync, user)
    automate(org, "reverting", field=FLAG, seconds=0.3, count=1)
    since = org.last_change()
    sync.call("PATCH", f"sobjects/User/{user}", json={FLAG: not held})
    org.fault("slow_commit", seconds=1, count=1)
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "slow"})
    await_change(org, since + 3)
    assert [c["after"] for c in org.changes(since)] == [
        {FLAG: not held},
        {"Title": "slow"},
        {FLAG: held},
    ]


def test_automations_are_listed_and_removed(org: Simulator, sync: Client, user: str) -> None:
    first = automate(org, "failing_trigger")
    automate(org, "validation_rule", formula="FALSE", name="Never")
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "t"})
    found = org.control("GET", "automations")["automations"]
    assert [(a["name"], a["hits"]) for a in found] == [(first["name"], 1), ("Never", 0)]
    assert org.control("DELETE", f"automations/{first['id']}") == {"removed": 1}
    assert sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "t"}).status_code == 204
    assert org.control("DELETE", "automations") == {"removed": 1}


@pytest.mark.parametrize(
    "order",
    [
        {"kind": "nope"},
        {"kind": "validation_rule"},
        {"kind": "validation_rule", "formula": "Nope__c"},
        {"kind": "validation_rule", "formula": "AND("},
        {"kind": "reverting"},
        {"kind": "reverting", "field": "Nope__c"},
        {"kind": "reverting", "field": FLAG, "seconds": -1},
        {"kind": "editing", "field": FLAG, "sets": {}},
        {"kind": "editing", "field": FLAG, "sets": {"Nope__c": 1}},
        {"kind": "failing_trigger", "cause": "nope"},
        {"kind": "failing_trigger", "code": "NOPE"},
        {"kind": "failing_trigger", "when": {"object": "Nope"}},
        {"kind": "failing_trigger", "when": {"idz": []}},
        {"kind": "failing_trigger", "message": "x", "sets": {}},
        {"kind": "failing_trigger", "count": "1"},
        {"kind": "failing_trigger", "when": {"share": 2}},
    ],
)
def test_an_order_that_makes_no_sense(org: Simulator, order: dict[str, Any]) -> None:
    answer = org.anyone.call("POST", "/__control__/automations", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert org.control("GET", "automations")["automations"] == []


def await_change(org: Simulator, number: int) -> None:
    for _ in range(100):
        if org.last_change() >= number:
            return
        time.sleep(0.05)
    raise AssertionError(f"change {number} did not come")
