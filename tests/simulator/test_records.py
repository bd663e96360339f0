"""Versions, describe, limits, single records and their conditional headers."""

from __future__ import annotations

import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from tests.simulator.running import Client, Simulator

FIELD_KEYS = {
    "aggregatable",
    "aiPredictionField",
    "autoNumber",
    "byteLength",
    "calculated",
    "calculatedFormula",
    "cascadeDelete",
    "caseSensitive",
    "compoundFieldName",
    "controllerName",
    "createable",
    "custom",
    "defaultValue",
    "defaultValueFormula",
    "defaultedOnCreate",
    "dependentPicklist",
    "deprecatedAndHidden",
    "digits",
    "displayLocationInDecimal",
    "encrypted",
    "externalId",
    "extraTypeInfo",
    "filterable",
    "filteredLookupInfo",
    "formulaTreatNullNumberAsZero",
    "groupable",
    "highScaleNumber",
    "htmlFormatted",
    "idLookup",
    "inlineHelpText",
    "label",
    "length",
    "mask",
    "maskType",
    "name",
    "nameField",
    "namePointing",
    "nillable",
    "permissionable",
    "picklistValues",
    "polymorphicForeignKey",
    "precision",
    "queryByDistance",
    "referenceTargetField",
    "referenceTo",
    "relationshipName",
    "relationshipOrder",
    "restrictedDelete",
    "restrictedPicklist",
    "scale",
    "searchPrefilterable",
    "soapType",
    "sortable",
    "type",
    "unique",
    "updateable",
    "writeRequiresMasterRead",
}
LONG_AGO = "Wed, 01 Jan 2020 00:00:00 GMT"


def test_versions_need_no_token_and_cost_nothing(org: Simulator) -> None:
    answer = org.anyone.call("GET", "/services/data")
    assert answer.json()[0] == {
        "label": "Summer '14",
        "url": "/services/data/v31.0",
        "version": "31.0",
    }
    assert answer.json()[-1] == {
        "label": "Spring '26",
        "url": "/services/data/v66.0",
        "version": "66.0",
    }
    assert org.last_call()["api_calls"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/services/data/v25.0/limits", 410),
        ("/services/data/v99.0", 404),
        ("nope", 404),
        ("sobjects/Nope__c/describe", 404),
        ("/other", 404),
    ],
)
def test_what_is_not_there(sync: Client, path: str, status: int) -> None:
    answer = sync.call("GET", path)
    assert answer.status_code == status
    assert answer.json()[0]["errorCode"] == (
        "UNSUPPORTED_API_VERSION" if status == 410 else "NOT_FOUND"
    )


def test_headers_of_every_answer(org: Simulator, sync: Client) -> None:
    answer = sync.call("GET", "")
    assert answer.json()["identity"].startswith(org.ready["url"] + "/id/00D")
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.headers["Sforce-Limit-Info"].startswith("api-usage=")
    assert answer.headers["X-SFDC-Request-Id"]
    assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()) < 5


def test_pretty_print(sync: Client) -> None:
    assert b"\n" in sync.call("GET", "limits", headers={"X-PrettyPrint": "1"}).content
    assert b"\n" not in sync.call("GET", "limits").content


def test_describe(sync: Client) -> None:
    described = sync.call("GET", "sobjects/uSER/describe/").json()
    assert (
        described["name"],
        described["keyPrefix"],
        described["deletable"],
        described["replicateable"],
    ) == ("User", "005", False, True)
    fields = {f["name"]: f for f in described["fields"]}
    assert all(set(field) == FIELD_KEYS for field in described["fields"])
    status = fields["License_Sync_Status__c"]
    assert [v["value"] for v in status["picklistValues"]] == [
        "In sync",
        "Corrected",
        "Conflict",
        "Failed",
    ]
    assert status["restrictedPicklist"]
    assert status["updateable"]
    assert status["type"] == "picklist"
    state = fields["License_Sync_State__c"]
    assert state["calculated"]
    assert not state["updateable"]
    assert "Waiting" in state["calculatedFormula"]
    box = fields["Requested_SCV__c"]
    assert (box["type"], box["defaultValue"], box["nillable"], box["label"]) == (
        "boolean",
        False,
        False,
        "Service Cloud Voice Requested",
    )
    assert (
        fields["License_Sync_Message__c"]["length"],
        fields["License_Sync_Decided__c"]["length"],
    ) == (255, 16)
    assert not fields["SystemModstamp"]["updateable"]


def test_describe_shows_what_the_user_may_do(admin: Client) -> None:
    fields = {
        f["name"]: f["updateable"]
        for f in admin.call("GET", "sobjects/User/describe").json()["fields"]
    }
    assert fields["Requested_CTI__c"]
    assert not fields["Effective_CTI__c"]
    assert not fields["License_Sync_Status__c"]


def test_conditional_describe(sync: Client) -> None:
    fresh = sync.call(
        "GET",
        "sobjects/User/describe",
        headers={"If-Modified-Since": formatdate(time.time() + 5, usegmt=True)},
    )
    assert (fresh.status_code, fresh.content) == (304, b"")
    assert "Last-Modified" in fresh.headers
    assert sync.call("GET", "sobjects", headers={"If-Modified-Since": LONG_AGO}).status_code == 200


def test_global_describe_and_basic_info(sync: Client) -> None:
    described = sync.call("GET", "sobjects").json()
    assert {"User", "Profile", "UserRole", "Organization"} <= {
        o["name"] for o in described["sobjects"]
    }
    assert (
        sync.call("GET", "sobjects/User")
        .json()["objectDescribe"]["urls"]["rowTemplate"]
        .endswith("/User/{ID}")
    )


def test_limits_and_counts(org: Simulator, sync: Client) -> None:
    daily = sync.call("GET", "limits/").json()["DailyApiRequests"]
    assert 0 < daily["Remaining"] < daily["Max"]
    counts = sync.call("GET", "limits/recordCount", params={"sObjects": "User,Nope"}).json()
    assert counts == {"sObjects": [{"count": 2304, "name": "User"}]}


def test_read_with_fields_and_without(sync: Client, user: str) -> None:
    record = sync.call(
        "GET", f"sobjects/user/{user[:15]}", params={"fields": "username, License_Sync_Status__c"}
    ).json()
    assert record["attributes"] == {
        "type": "User",
        "url": f"/services/data/v59.0/sobjects/User/{user}",
    }
    assert record["Id"] == user
    assert record["License_Sync_Status__c"] is None
    assert "Name" not in record
    whole = sync.call("GET", f"sobjects/User/{user}").json()
    assert whole["SystemModstamp"].endswith(".000+0000")
    assert isinstance(whole["IsActive"], bool)


@pytest.mark.parametrize(
    ("record_id", "status", "code"),
    [
        ("0055f000005mc66AAA", 404, "NOT_FOUND"),
        ("0015500001QdQWaAAN", 400, "MALFORMED_ID"),
        ("nonsense", 400, "MALFORMED_ID"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_bad_ids(sync: Client, method: str, record_id: str, status: int, code: str) -> None:
    answer = sync.call(method, f"sobjects/User/{record_id}", json={} if method == "PATCH" else None)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_an_update_moves_stamps_and_signs(org: Simulator, sync: Client, user: str) -> None:
    since, before = org.last_change(), time.time()
    answer = sync.call(
        "PATCH",
        f"sobjects/User/{user}/",
        json={"effective_insight__c": True, "License_Sync_Message__c": "  hello "},
    )
    assert (answer.status_code, answer.content) == (204, b"")
    record = sync.call("GET", f"sobjects/User/{user}").json()
    assert record["Effective_Insight__c"] is True
    assert record["License_Sync_Message__c"] == "hello"
    me = sync.call("GET", "/services/oauth2/userinfo").json()["user_id"]
    assert record["LastModifiedById"] == me
    assert record["SystemModstamp"] == record["LastModifiedDate"]
    [change] = org.changes(since)
    assert (change["id"], change["by"], change["object"]) == (user, me, "User")
    assert change["after"]["License_Sync_Message__c"] == "hello"
    assert change["before"]["License_Sync_Message__c"] is None
    assert int(before) <= change["stamp"] <= change["at"] <= time.time()


def test_an_update_that_changes_nothing_still_moves_the_stamp(
    org: Simulator, sync: Client, user: str
) -> None:
    since = org.last_change()
    old = sync.call("GET", f"sobjects/User/{user}").json()
    assert (
        sync.call("PATCH", f"sobjects/User/{user}", json={"IsActive": old["IsActive"]}).status_code
        == 204
    )
    assert (
        sync.call("GET", f"sobjects/User/{user}").json()["SystemModstamp"] > old["SystemModstamp"]
    )
    assert [(c["before"], c["after"]) for c in org.changes(since)] == [({}, {})]


def test_the_formula_follows_the_record(sync: Client, admin: Client, user: str) -> None:
    def state() -> str | None:
        found: str | None = sync.call(
            "GET", f"sobjects/User/{user}?fields=License_Sync_State__c"
        ).json()["License_Sync_State__c"]
        return found

    flags = dict.fromkeys(
        [
            f"Requested_{x}__c"
            for x in ["CTI", "Freedom", "SCV", "PBX", "Contact_Center", "Record", "PCI", "Insight"]
        ],
        False,
    )
    admin.call("PATCH", f"sobjects/User/{user}", json=flags)
    assert state() is None
    admin.call(
        "PATCH",
        f"sobjects/User/{user}",
        json={"Requested_Freedom__c": True, "Requested_CTI__c": True},
    )
    assert state() == "Waiting"
    sync.call(
        "PATCH",
        f"sobjects/User/{user}",
        json={"License_Sync_Status__c": "In sync", "License_Sync_Decided__c": "CF"},
    )
    assert state() == "In sync"
    found = sync.soql(
        f"SELECT Id FROM User WHERE License_Sync_State__c = 'In sync' AND Id = '{user}'"
    )
    assert [r["Id"] for r in found] == [user]
    admin.call("PATCH", f"sobjects/User/{user}", json={"Requested_Freedom__c": False})
    assert state() == "Waiting"


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD", None),
        ({"Id": "0055f000005mc66AAA"}, "INVALID_FIELD", None),
        (
            {"SystemModstamp": "2020-01-01T00:00:00Z"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["SystemModstamp"],
        ),
        (
            {"License_Sync_State__c": "x"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            ["License_Sync_State__c"],
        ),
        ({"License_Sync_Message__c": "x" * 256}, "STRING_TOO_LONG", ["License_Sync_Message__c"]),
        (
            {"License_Sync_Status__c": "Maybe"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            ["License_Sync_Status__c"],
        ),
        ({"Effective_CTI__c": None}, "JSON_PARSER_ERROR", None),
        ({"Effective_CTI__c": 1}, "JSON_PARSER_ERROR", None),
        ({"LastName": ""}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"ManagerId": "x"}, "MALFORMED_ID", ["ManagerId"]),
        (["x"], "JSON_PARSER_ERROR", None),
    ],
)
def test_refused_updates_change_nothing(
    org: Simulator, sync: Client, people: list[str], body: object, code: str, fields: object
) -> None:
    since = org.last_change()
    answer = sync.call("PATCH", f"sobjects/User/{people[0]}", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"], answer.json()[0].get("fields")) == (
        400,
        code,
        fields,
    )
    assert org.changes(since) == []


def test_broken_json(sync: Client, people: list[str]) -> None:
    answer = sync.call("PATCH", f"sobjects/User/{people[0]}", data='{"IsActive": tru')
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_admins_may_not_touch_effective_flags(admin: Client, people: list[str]) -> None:
    answer = admin.call("PATCH", f"sobjects/User/{people[0]}", json={"Effective_CTI__c": True})
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_users_cannot_be_deleted(sync: Client, user: str) -> None:
    answer = sync.call("DELETE", f"sobjects/User/{user}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    assert sync.call("PUT", f"sobjects/User/{user}").status_code == 405
    assert user in [
        r["Id"]
        for r in sync.call(
            "GET", "queryAll", params={"q": f"SELECT Id FROM User WHERE Id = '{user}'"}
        ).json()["records"]
    ]


def test_method_override(sync: Client, user: str) -> None:
    assert (
        sync.call(
            "POST", f"sobjects/User/{user}?_HttpMethod=PATCH", json={"Title": "Dr"}
        ).status_code
        == 204
    )


def test_create(sync: Client) -> None:
    required = {
        "Username": "new@example.com",
        "LastName": "New",
        "Email": "new@example.com",
        "Alias": "new",
        "CommunityNickname": "new",
        "TimeZoneSidKey": "Asia/Tokyo",
        "LocaleSidKey": "ja",
        "LanguageLocaleKey": "ja",
        "EmailEncodingKey": "UTF-8",
    }
    answer = sync.call("POST", "sobjects/User/", json=required)
    assert answer.status_code == 201
    assert answer.json()["success"] is True
    assert answer.headers["Location"] == f"/services/data/v59.0/sobjects/User/{answer.json()['id']}"
    missing = sync.call("POST", "sobjects/User", json={"LastName": "x"})
    assert missing.json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert "Username" in missing.json()[0]["fields"]


def stamp(sync: Client, user: str) -> float:
    text = sync.call("GET", f"sobjects/User/{user}?fields=LastModifiedDate").json()[
        "LastModifiedDate"
    ]
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%S.000+0000")) - time.timezone


def test_if_unmodified_since(org: Simulator, sync: Client, user: str) -> None:
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "a"})
    seen = stamp(sync, user)
    since = org.last_change()
    late = sync.call(
        "PATCH",
        f"sobjects/User/{user}",
        json={"Title": "b"},
        headers={"If-Unmodified-Since": formatdate(seen - 1, usegmt=True)},
    )
    assert late.status_code == 412
    assert org.changes(since) == []
    assert late.json()[0]["errorCode"] == "PRECONDITION_FAILED"
    good = sync.call(
        "PATCH",
        f"sobjects/User/{user}",
        json={"Title": "b"},
        headers={"If-Unmodified-Since": formatdate(seen, usegmt=True)},
    )
    assert good.status_code == 204


def test_the_condition_is_blind_within_a_second(
    org: Simulator, sync: Client, admin: Client, user: str
) -> None:
    while time.time() % 1 > 0.5:
        time.sleep(0.05)
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "a"})
    header = {"If-Unmodified-Since": formatdate(stamp(sync, user), usegmt=True)}
    admin.call("PATCH", f"sobjects/User/{user}", json={"Title": "in between"})
    assert (
        sync.call("PATCH", f"sobjects/User/{user}", json={"Title": "b"}, headers=header).status_code
        == 204
    )


def test_if_modified_since_and_bad_dates(sync: Client, user: str) -> None:
    seen = formatdate(stamp(sync, user), usegmt=True)
    same = sync.call("GET", f"sobjects/User/{user}", headers={"If-Modified-Since": seen})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["Last-Modified"] == seen
    assert (
        sync.call(
            "GET", f"sobjects/User/{user}", headers={"If-Modified-Since": LONG_AGO}
        ).status_code
        == 200
    )
    assert (
        sync.call(
            "GET", f"sobjects/User/{user}", headers={"If-Unmodified-Since": LONG_AGO}
        ).status_code
        == 412
    )
    assert (
        sync.call(
            "PATCH", f"sobjects/User/{user}", json={}, headers={"If-Unmodified-Since": "yesterday"}
        ).status_code
        == 400
    )
