"""The real client against the running org."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
import requests
from simple_salesforce.api import Salesforce, SFType
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from tests.simulator.running import Simulator


@pytest.fixture
def sf(org: Simulator) -> Iterator[Salesforce]:
    token = str(org.login().headers["Authorization"]).removeprefix("Bearer ")
    with requests.Session() as session:
        session.verify, session.trust_env = org.ready["ca_file"], False
        yield Salesforce(session_id=token, instance_url=org.ready["url"], session=session)


def users(sf: Salesforce) -> SFType:
    return cast("SFType", sf.User)


def test_queries(sf: Salesforce) -> None:
    page = sf.query("SELECT Id, Name FROM User WHERE UserType = 'Standard'")
    assert page["done"] is False
    assert len(page["records"]) == 2000
    everyone = sf.query_all("SELECT Id FROM User")
    assert everyone["totalSize"] == len(everyone["records"]) >= 2304
    assert (
        sum(
            1
            for _ in sf.query_all_iter(
                "SELECT Id FROM User WHERE Name LIKE '%O\\'Brien%'", include_deleted=True
            )
        )
        >= 1
    )
    assert "/" in sf.api_usage["api-usage"].__repr__() or sf.api_usage["api-usage"].total > 0


def test_describe_and_limits(sf: Salesforce) -> None:
    described = users(sf).describe()
    assert described is not None
    assert "License_Sync_State__c" in {f["name"] for f in described["fields"]}
    everything = sf.describe()
    assert everything is not None
    assert everything["sobjects"]
    assert sf.limits()["DailyApiRequests"]["Max"] > 0
    basic = users(sf).metadata()
    assert basic is not None
    assert basic["objectDescribe"]["name"] == "User"


def test_records(sf: Salesforce, user: str) -> None:
    assert users(sf).update(user, {"Title": "señor 王"}) == 204
    record = users(sf).get(user)
    assert record is not None
    assert record["Title"] == "señor 王"
    with pytest.raises(SalesforceMalformedRequest):
        users(sf).update(user, {"Nope__c": 1})
    with pytest.raises(SalesforceResourceNotFound):
        users(sf).get("0055f000005mc66AAA")
    with pytest.raises(SalesforceGeneralError) as refused:
        users(sf).update(
            user, {"Title": "x"}, headers={"If-Unmodified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}
        )
    assert refused.value.status == 412


def test_restful_composite(sf: Salesforce, user: str) -> None:
    body = {
        "allOrNone": False,
        "records": [{"attributes": {"type": "User"}, "id": user, "Title": "bulk"}],
    }
    assert sf.restful("composite/sobjects", method="PATCH", json=body) == [
        {"id": user, "success": True, "errors": []}
    ]
    read = sf.restful(
        "composite/sobjects/User", method="POST", json={"ids": [user], "fields": ["Title"]}
    )
    assert read is not None
    assert read[0]["Title"] == "bulk"


def test_updated_and_deleted(sf: Salesforce, user: str) -> None:
    users(sf).update(user, {"Title": "fresh"})
    now = datetime.now(UTC)
    found = users(sf).updated(now - timedelta(minutes=5), now + timedelta(minutes=2))
    assert found is not None
    assert user in found["ids"]
    gone = users(sf).deleted(now - timedelta(minutes=5), now)
    assert gone is not None
    assert gone["deletedRecords"] == []


def test_an_expired_session(org: Simulator, sf: Salesforce) -> None:
    org.fault("expired_token")
    with pytest.raises(SalesforceExpiredSession):
        sf.query("SELECT Id FROM User LIMIT 1")
