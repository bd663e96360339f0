"""The bulk client of simple-salesforce, every method that it has."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import pytest
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding, SFBulk2Handler, SFBulk2Type
from simple_salesforce.exceptions import SalesforceOperationError

from tests.simulator.running import Simulator
from tests.simulator.seats import org_with_seats

WAIT: Any = 0.1  # seconds; annotated as whole ones


@pytest.fixture(scope="module")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with org_with_seats(tmp_path_factory.mktemp("project"), users=300, seed=9) as made:
        yield made


@pytest.fixture
def sf(seats: Simulator) -> Iterator[Salesforce]:
    token = str(seats.login().headers["Authorization"]).removeprefix("Bearer ")
    with requests.Session() as session:
        session.verify, session.trust_env = seats.ready["ca_file"], False
        yield Salesforce(session_id=token, instance_url=seats.ready["url"], session=session)


def bulk(sf: Salesforce, name: str = "Seat__c") -> SFBulk2Type:
    handler: SFBulk2Handler = sf.bulk2
    found: SFBulk2Type = getattr(handler, name)
    return found


def codes(sf: Salesforce, start: str) -> list[dict[str, Any]]:
    soql = f"SELECT Id, Code__c, Note__c, Name FROM Seat__c WHERE Code__c LIKE '{start}%' "
    records: list[dict[str, Any]] = sf.query_all(soql + "ORDER BY Code__c")["records"]
    return records


def counts(results: list[dict[str, int]]) -> list[tuple[int, int, int]]:
    names = ("numberRecordsTotal", "numberRecordsProcessed", "numberRecordsFailed")
    return [tuple(result[name] for name in names) for result in results]  # type: ignore[misc]


def test_insert_update_upsert_and_delete(sf: Salesforce) -> None:
    seats = bulk(sf)
    made = seats.insert(
        records=[{"Name": f"n{i}", "Code__c": f"c{i}"} for i in range(3)], wait=WAIT
    )
    assert counts(made) == [(3, 3, 0)]
    ids = [record["Id"] for record in codes(sf, "c")]
    seats.update(records=[{"Id": i, "Note__c": "é 王"} for i in ids], wait=WAIT)
    assert {record["Note__c"] for record in codes(sf, "c")} == {"é 王"}
    merged = seats.upsert(
        records=[{"Code__c": "c0", "Name": "up"}, {"Code__c": "c9", "Name": "new"}],
        external_id_field="Code__c",
        wait=WAIT,
    )
    assert counts(merged) == [(2, 2, 0)]
    assert [record["Name"] for record in codes(sf, "c")] == ["up", "n1", "n2", "new"]
    seats.delete(records=[{"Id": ids[0]}], wait=WAIT)
    seats.hard_delete(records=[{"Id": ids[1]}], wait=WAIT)
    assert [record["Code__c"] for record in codes(sf, "c")] == ["c2", "c9"]


def test_a_file_in_several_jobs_at_once(sf: Salesforce, tmp_path: Path) -> None:
    path = tmp_path / "seats.csv"
    lines = ["Name|Code__c", *(f'"n|{i}"|f{i:02}' for i in range(10))]
    path.write_bytes("\r\n".join([*lines, ""]).encode())
    results = bulk(sf).insert(
        csv_file=str(path),
        batch_size=4,
        concurrency=3,
        column_delimiter=ColumnDelimiter.PIPE,
        line_ending=LineEnding.CRLF,
        wait=WAIT,
    )
    assert counts(results) == [(4, 4, 0), (4, 4, 0), (2, 2, 0)]
    assert [record["Name"] for record in codes(sf, "f")] == [f"n|{i}" for i in range(10)]


def test_records_of_every_fate(sf: Salesforce, tmp_path: Path) -> None:
    seats = bulk(sf)
    [result] = seats.insert(
        records=[{"Name": "ok", "Code__c": "r1"}, {"Name": "x" * 81, "Code__c": "r2"}], wait=WAIT
    )
    job_id = str(result["job_id"])
    assert result["numberRecordsFailed"] == 1
    successful = list(csv.DictReader(seats.get_successful_records(job_id).splitlines()))
    assert (successful[0]["sf__Created"], successful[0]["Code__c"]) == ("true", "r1")
    assert "STRING_TOO_LONG" in seats.get_failed_records(job_id)
    left = seats.get_unprocessed_records(job_id).strip()
    assert set(left.split(",")) == {"Code__c", "Name"}  # the client's order is no order
    everything = seats.get_all_ingest_records(job_id)
    assert [len(everything[f"{kind}Records"]) for kind in ("successful", "failed")] == [1, 1]
    assert everything["unprocessedRecords"] == []
    target = tmp_path / "failed.csv"
    seats.get_failed_records(job_id, file=str(target))
    assert "STRING_TOO_LONG" in target.read_text()


def test_a_failed_job_is_an_error_with_its_message(sf: Salesforce) -> None:
    with pytest.raises(SalesforceOperationError, match="Field name not found : Nope__c"):
        bulk(sf).insert(records=[{"Nope__c": "x"}], wait=WAIT)


def test_queries(sf: Salesforce, tmp_path: Path) -> None:
    users = bulk(sf, "User")
    soql = "SELECT Id, Name FROM User"
    pages = list(users.query(soql, max_records=100, wait=WAIT))
    assert [len(list(csv.DictReader(page.splitlines()))) for page in pages] == [100, 100, 100, 4]
    assert "José" in "".join(pages)
    assert len(list(users.query_all(soql, wait=WAIT))) == 1
    downloaded = users.download(soql, str(tmp_path), max_records=200, wait=WAIT)
    assert [result["number_of_records"] for result in downloaded] == [200, 104]


def test_jobs_by_hand(sf: Salesforce) -> None:
    client = bulk(sf)._client
    made = client.create_job("insert", column_delimiter=ColumnDelimiter.COMMA)  # type: ignore[arg-type]
    assert client.get_job(made["id"], is_query=False)["state"] == "Open"
    assert client.abort_job(made["id"], is_query=False)["state"] == "Aborted"
    with pytest.raises(JSONDecodeError):  # the client reads a body from the (right) 204
        client.delete_job(made["id"], is_query=False)
    listed = sf.restful("jobs/ingest")
    assert listed is not None
    assert made["id"] not in {job["id"] for job in listed["records"]}
