"""simple-salesforce's calls on records, as documented: what they send is known from its code alone.

Queries, sessions and describes are in test_simple_salesforce.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import requests
from simple_salesforce.api import Salesforce, SFType
from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_external_id, format_soql

from tests.simulator.running import Simulator


@pytest.fixture
def sf(org: Simulator) -> Iterator[Salesforce]:
    """The admin's session."""
    token = org.control("POST", "token", {"user": "admin"})["access_token"]
    with requests.Session() as session:
        session.verify, session.trust_env = org.ready["ca_file"], False
        yield Salesforce(session_id=token, instance_url=org.ready["url"], session=session)


@pytest.fixture
def accounts(sf: Salesforce) -> SFType:
    return cast("SFType", sf.Account)


@pytest.fixture
def contacts(sf: Salesforce) -> SFType:
    return cast("SFType", sf.Contact)


def made(answer: Any) -> str:
    assert answer["success"] is True
    assert answer["errors"] == []
    return str(answer["id"])


def test_a_record_lives_and_dies(sf: Salesforce, accounts: SFType) -> None:
    account = made(accounts.create({"Name": "Ålesund & Söhne", "Industry": "Technology"}))
    found = accounts.get(account)
    assert found is not None
    assert (found["Name"], found["IsDeleted"]) == ("Ålesund & Söhne", False)
    assert accounts.update(account, {"Name": "Renamed", "Industry": None}) == 204
    query = format_soql("SELECT Name, Industry FROM Account WHERE Id = {}", account)
    assert sf.query(query)["records"][0]["Industry"] is None
    assert accounts.delete(account) == 204
    with pytest.raises(SalesforceResourceNotFound):
        accounts.get(account)
    assert sf.query(query)["totalSize"] == 0
    assert sf.query(query, include_deleted=True)["totalSize"] == 1
    now = datetime.now(UTC)
    gone = accounts.deleted(now - timedelta(minutes=5), now + timedelta(minutes=2))
    assert gone is not None
    assert account in {record["id"] for record in gone["deletedRecords"]}


def test_upsert_by_an_external_id(contacts: SFType) -> None:
    email = "first+last@upsert.example"
    key = format_external_id("Email", email)
    created = contacts.upsert(key, {"LastName": "First"}, raw_response=True)
    assert isinstance(created, requests.Response)
    assert (created.status_code, created.json()["created"]) == (201, True)
    assert contacts.upsert(key, {"LastName": "Second"}) == 200
    found = contacts.get_by_custom_id("Email", email)
    assert found is not None
    assert (found["Id"], found["LastName"]) == (created.json()["id"], "Second")


def test_upsert_where_two_have_that_external_id(contacts: SFType) -> None:
    for name in ("One", "Two"):
        made(contacts.create({"LastName": name, "Email": "both@upsert.example"}))
    with pytest.raises(SalesforceMoreThanOneRecord) as refused:
        contacts.upsert("Email/both@upsert.example", {"LastName": "Three"})
    assert len(cast("list[str]", refused.value.content)) == 2


def test_refusals_name_the_field(contacts: SFType) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        contacts.create({"FirstName": "Nameless"})
    (error,) = cast("list[dict[str, Any]]", refused.value.content)
    assert (error["errorCode"], error["fields"]) == ("REQUIRED_FIELD_MISSING", ["LastName"])


def test_pages_are_fetched_by_hand(sf: Salesforce) -> None:
    first = sf.query("SELECT Id FROM User ORDER BY Id")
    by_url = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    locator = first["nextRecordsUrl"].rpartition("/")[2]
    assert sf.query_more(locator)["records"] == by_url["records"]
    deleted_too = sf.query("SELECT Id FROM User ORDER BY Id", include_deleted=True)
    locator = deleted_too["nextRecordsUrl"].rpartition("/")[2]
    assert sf.query_more(locator, include_deleted=True)["records"] == by_url["records"]


def test_soql_is_formatted_from_values(sf: Salesforce, accounts: SFType) -> None:
    name = 'O\'Neill 100% \\ "quoted"'
    account = made(accounts.create({"Name": name}))
    yesterday = datetime.now(UTC) - timedelta(days=1)
    query = format_soql(
        "SELECT Id FROM Account WHERE Name IN {} AND CreatedDate > {} AND Name LIKE '{:like}%'",
        [name, "other"],
        yesterday,
        "O'Neill 100%",
    )
    assert [record["Id"] for record in sf.query_all(query)["records"]] == [account]


def test_the_org_tells_of_itself(org: Simulator, sf: Salesforce) -> None:
    assert sf.is_sandbox() in (True, False)
    person = sf.oauth2("userinfo")
    assert person is not None
    assert person["organization_id"] == org.ready["organization_id"]
    counts = sf.restful("limits/recordCount", params={"sObjects": "User"})
    assert counts is not None
    assert counts["sObjects"][0]["name"] == "User"
    everything = sf.describe()
    assert everything is not None
    assert {"User", "Account", "Contact"} <= {found["name"] for found in everything["sobjects"]}
