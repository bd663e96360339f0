"""The client of simple-salesforce for Bulk API 1.0, every method that it has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce import bulk as client_module
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceGeneralError, SalesforceMalformedRequest

from tests.simulator.running import Simulator
from tests.simulator.seats import org_with_seats


@pytest.fixture(scope="module")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with org_with_seats(tmp_path_factory.mktemp("project"), users=300, seed=9) as made:
        yield made


@pytest.fixture
def sf(seats: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Salesforce]:
    """It asks every five seconds, which nothing here takes."""
    monkeypatch.setattr(client_module, "sleep", lambda _: time.sleep(0.02))
    token = str(seats.login().headers["Authorization"]).removeprefix("Bearer ")
    with requests.Session() as session:
        session.verify, session.trust_env = seats.ready["ca_file"], False
        yield Salesforce(session_id=token, instance_url=seats.ready["url"], session=session)


def bulk(sf: Salesforce, name: str = "Seat__c") -> Any:
    return getattr(sf.bulk, name)


def codes(sf: Salesforce, start: str) -> list[str]:
    soql = f"SELECT Code__c, Name FROM Seat__c WHERE Code__c LIKE '{start}%' ORDER BY Code__c"
    return [f"{record['Code__c']}={record['Name']}" for record in sf.query_all(soql)["records"]]


def test_every_operation(sf: Salesforce) -> None:
    seats = bulk(sf)
    records = [{"Name": f"n{i}", "Code__c": f"c{i}"} for i in range(5)]
    made = seats.insert(records, batch_size=2)
    assert [(one["success"], one["created"]) for one in made] == [(True, True)] * 5
    ids = [one["id"] for one in made]
    seats.update([{"Id": ids[0], "Name": "é 王"}], use_serial=True)
    records = [{"Code__c": "c1", "Name": "up"}, {"Code__c": "c9", "Name": "new"}]
    merged = seats.upsert(records, "Code__c")
    assert [one["created"] for one in merged] == [False, True]
    seats.delete([{"Id": ids[2]}])
    seats.hard_delete([{"Id": ids[3]}, {"Id": ids[4]}], batch_size="auto")
    assert codes(sf, "c") == ["c0=é 王", "c1=up", "c9=new"]


def test_rows_that_fail(sf: Salesforce) -> None:
    [good, bad] = bulk(sf).insert(
        [{"Name": "ok", "Code__c": "r1"}, {"Name": "x" * 81, "Code__c": "r2"}],
        include_detailed_results=True,
    )
    assert (good["success"], good["Code__c"]) == (True, "r1")
    assert (bad["success"], bad["Code__c"]) == (False, "r2")
    assert bad["errors"][0]["statusCode"] == "STRING_TOO_LONG"


def test_a_batch_that_fails(sf: Salesforce) -> None:
    """As users have it in their issues."""
    with pytest.raises(SalesforceMalformedRequest) as refused:
        bulk(sf).insert([{"Nope__c": "x"}])
    expected = {"exceptionCode": "InvalidBatch", "exceptionMessage": "Records not processed"}
    assert refused.value.content == expected


def test_queries(sf: Salesforce) -> None:
    users = bulk(sf, "User")
    found = users.query("SELECT Id, Name, Profile.Name, CreatedDate FROM User", wait=1)
    assert len(found) == 304
    assert found[0]["attributes"]["type"] == "User"
    assert found[0]["Profile"]["Name"]
    assert isinstance(found[0]["CreatedDate"], int)
    lazy = users.query_all("SELECT Id FROM User LIMIT 3", lazy_operation=True, wait=1)
    assert [len(page) for page in lazy] == [3]
    with pytest.raises(SalesforceGeneralError, match="INVALID_FIELD"):
        users.query("SELECT Nope FROM User", wait=1)


def test_dml_without_waiting(sf: Salesforce) -> None:
    records = [{"Name": "s", "Code__c": "s1"}]
    results: list[Any] = sf.bulk.submit_dml("Seat__c", "insert", records, bypass_results=True)
    assert results[0] == {"bypass_results": True}
    assert results[1]["job_id"].startswith("750")
    again = sf.bulk.submit_dml("Seat__c", "upsert", records, external_id_field="Code__c")
    assert [one["success"] for one in again] == [True]
