"""Bulk queries: states, pages that fit together, what is refused, and what outlives a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.simulator.bulk_jobs import Ingest, query, rows, wait
from tests.simulator.running import Client, Simulator
from tests.simulator.seats import project


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """An org whose jobs take their time, and whose pages are short."""
    schema = str(project(tmp_path_factory.mktemp("project")))
    options = ("--users", "700", "--bulk-delay", "0.3", "--bulk-page", "100")
    simulator = Simulator(*options, "--seed", "5", "--schema", schema)
    yield simulator
    assert simulator.stop() == 0


def page(client: Client, path: str, **params: Any) -> requests.Response:
    answer = client.call("GET", f"{path}/results", params=params)
    assert answer.status_code == 200, answer.text
    return answer


def everything(client: Client, path: str, size: int) -> list[list[str]]:
    """All pages; each begins with the header, which comes back once."""
    found: list[list[str]] = []
    locator = ""
    while locator != "null":
        answer = page(client, path, maxRecords=size, **({"locator": locator} if locator else {}))
        table = rows(answer.text)
        assert int(answer.headers["Sforce-NumberOfRecords"]) == len(table) - 1
        found += table if not found else table[1:]
        locator = answer.headers["Sforce-Locator"]
    return found


def done(client: Client, soql: str, **more: Any) -> str:
    path = query(client, soql, **more)
    assert wait(client, path)["state"] == "JobComplete"
    return path


def test_the_way_of_a_job(slow: Simulator) -> None:
    client = slow.login()
    path = query(client, "SELECT Id FROM User")
    too_early = client.call("GET", f"{path}/results")
    assert (too_early.status_code, too_early.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    states = [wait(client, path, state)["state"] for state in ("UploadComplete", "InProgress")]
    assert states == ["UploadComplete", "InProgress"]
    info = wait(client, path)
    expected = {"state": "JobComplete", "jobType": "V2Query", "operation": "query"}
    assert info.items() >= {**expected, "object": "User", "apiVersion": 59.0}.items()
    assert info.items() >= {"numberRecordsProcessed": 704, "isPkChunkingSupported": True}.items()
    assert client.call("DELETE", path).status_code == 204
    assert client.call("GET", f"{path}/results").status_code == 404


def test_all_values_are_quoted_text(sync: Client, user: str) -> None:
    sync.call("PATCH", f"sobjects/User/{user}", json={"Title": 'a "b", ć\nd'})
    columns = "Id, Title, isactive, Profile.Name, MobilePhone, CreatedDate"
    path = done(sync, f"SELECT {columns} FROM User WHERE Id = '{user}'")
    answer = page(sync, path)
    [record] = sync.soql(
        f"SELECT Profile.Name, IsActive, CreatedDate FROM User WHERE Id = '{user}'"
    )
    active = str(record["IsActive"]).lower()
    created = record["CreatedDate"].replace("+0000", "Z")
    assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert answer.headers["Sforce-Locator"] == "null"
    assert answer.text == (
        '"Id","Title","IsActive","Profile.Name","MobilePhone","CreatedDate"\n'
        f'"{user}","a ""b"", ć\nd","{active}","{record["Profile"]["Name"]}","","{created}"\n'
    )


def test_pages_by_locator_hold_every_row_once(sync: Client) -> None:
    soql = "SELECT Id, Name FROM User WHERE UserType = 'Standard'"
    path = done(sync, soql)
    whole = rows(page(sync, path).text)
    assert len(whole) == 1 + len({row[0] for row in whole[1:]}) == 2301
    assert everything(sync, path, 999) == whole
    assert everything(sync, path, 1150) == whole
    assert page(sync, path, maxRecords=10).headers["Sforce-Locator"] == "MTA"
    assert (
        page(sync, path, maxRecords=5, locator="MTA").text
        == page(sync, path, maxRecords=5, locator="MTA").text
    )
    for bad in ({"locator": "?"}, {"locator": "OTk5OQ"}, {"maxRecords": "x"}):
        assert sync.call("GET", f"{path}/results", params=bad).status_code == 400


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id, Name FROM User ORDER BY Name DESC, Id",
        "SELECT Id, SystemModstamp FROM User WHERE IsActive = true OR Name LIKE 'A%' LIMIT 700",
        "SELECT Name, Id FROM User WHERE Username != null ORDER BY SystemModstamp, Id LIMIT 1200",
    ],
)
def test_order_and_limit_are_kept(sync: Client, soql: str) -> None:
    path = done(sync, soql)
    assert sync.call("GET", path).json()["isPkChunkingSupported"] is False
    found = [row["Id"] for row in pages_of_query(sync, soql)]
    table = rows(page(sync, path).text)
    assert [row[table[0].index("Id")] for row in table[1:]] == found


def pages_of_query(client: Client, soql: str) -> list[dict[str, Any]]:
    answer = client.call("GET", "query", params={"q": soql}).json()
    records: list[dict[str, Any]] = answer["records"]
    while not answer["done"]:
        answer = client.call("GET", answer["nextRecordsUrl"]).json()
        records += answer["records"]
    return records


def test_a_result_without_rows_is_its_header(sync: Client) -> None:
    path = done(sync, "SELECT Id FROM User WHERE Name = 'nobody at all'")
    answer = page(sync, path)
    assert (answer.text, answer.headers["Sforce-NumberOfRecords"]) == ('"Id"\n', "0")
    assert answer.headers["Sforce-Locator"] == "null"


def test_edits_while_it_runs_neither_lose_nor_repeat_a_row(sync: Client, admin: Client) -> None:
    """Pages stay as they are once the job is complete, whatever is edited."""
    everyone = [row["Id"] for row in pages_of_query(sync, "SELECT Id FROM User")]
    stop = threading.Event()

    def edit() -> None:
        for number, record_id in enumerate(everyone):
            if stop.is_set():
                return
            admin.call("PATCH", f"sobjects/User/{record_id}", json={"Title": f"t{number}"})

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        path = done(sync, "SELECT Id, Title, SystemModstamp FROM User")
        first = page(sync, path, maxRecords=1000).text
        found = everything(sync, path, 400)
        assert page(sync, path, maxRecords=1000).text == first
    finally:
        stop.set()
        editor.join()
    assert [row[0] for row in found[1:]] == sorted(everyone)


def test_parallel_pages(slow: Simulator) -> None:
    client = slow.login()
    path = done(client, "SELECT Id FROM User")
    answer = client.call("GET", f"{path}/resultPages").json()
    assert (len(answer["resultPages"]), answer["done"]) == (5, False)
    rest = client.call("GET", answer["nextRecordsUrl"]).json()
    assert (len(rest["resultPages"]), rest["done"], "nextRecordsUrl" in rest) == (3, True, False)
    urls = [entry["resultUrl"] for entry in answer["resultPages"] + rest["resultPages"]]
    tables = [rows(client.call("GET", url).text) for url in urls]
    assert [len(table) for table in tables] == [101] * 7 + [5]
    found = [row[0] for table in tables for row in table[1:]]
    assert found == sorted(row["Id"] for row in pages_of_query(client, "SELECT Id FROM User"))
    old = path.replace("jobs/", "/services/data/v57.0/jobs/")
    assert client.call("GET", f"{old}/resultPages").status_code == 404


def test_another_api_version_is_a_conflict(sync: Client) -> None:
    path = done(sync, "SELECT Id FROM User LIMIT 1")
    other = f"/services/data/v60.0/{path}"
    assert sync.call("GET", other).status_code == 200
    assert sync.call("GET", f"{other}/results").status_code == 409


def test_delimiter_and_line_ending(sync: Client) -> None:
    order = {"columnDelimiter": "PIPE", "lineEnding": "CRLF"}
    path = done(sync, "SELECT Id, IsActive FROM User WHERE IsActive = true LIMIT 1", **order)
    head, row, end = page(sync, path).content.decode().split("\r\n")
    assert (head, end) == ('"Id"|"IsActive"', "")
    assert row.endswith('|"true"')


def test_query_all_finds_the_deleted(slow: Simulator) -> None:
    client = slow.login()
    for name in ("kept", "gone"):
        assert client.call("POST", "sobjects/Seat__c", json={"Name": name}).status_code == 201
    [gone] = client.soql("SELECT Id FROM Seat__c WHERE Name = 'gone'")
    client.call("DELETE", f"sobjects/Seat__c/{gone['Id']}")
    for operation, names in (("query", ["kept"]), ("queryAll", ["gone", "kept"])):
        soql = "SELECT Name FROM Seat__c ORDER BY Name"
        path = done(client, soql, operation=operation)
        assert [row[0] for row in rows(page(client, path).text)[1:]] == names


def test_aborting(slow: Simulator) -> None:
    client = slow.login()
    path = query(client, "SELECT Id FROM User")
    assert client.call("PATCH", path, json={"state": "UploadComplete"}).status_code == 400
    aborted = client.call("PATCH", path, json={"state": "Aborted"})
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    assert client.call("GET", f"{path}/results").status_code == 400
    assert wait(client, path)["state"] == "Aborted"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"operation": "query"}, "INVALIDJOB"),
        ({"operation": "delete", "query": "SELECT Id FROM User"}, "INVALIDJOB"),
        ({"operation": "query", "query": "SELECT Nope__c FROM User"}, "INVALID_FIELD"),
        ({"operation": "query", "query": "SELECT Id FROM Nope__c"}, "INVALID_TYPE"),
        ({"operation": "query", "query": "SELECT FROM User"}, "MALFORMED_QUERY"),
        ({"operation": "query", "query": "SELECT COUNT() FROM User"}, "API_ERROR"),
        ({"operation": "query", "query": "SELECT Id FROM User OFFSET 5"}, "API_ERROR"),
    ],
)
def test_orders_that_are_refused(sync: Client, order: dict[str, str], code: str) -> None:
    answer = sync.call("POST", "jobs/query", json=order)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_hidden_field_is_unknown_to_a_query_and_to_an_upload(
    sync: Client, org: Simulator, user: str
) -> None:
    org.fault("hidden_field", field="Title")
    order = {"operation": "query", "query": "SELECT Title FROM User"}
    assert sync.call("POST", "jobs/query", json=order).json()[0]["errorCode"] == "INVALID_FIELD"
    job = Ingest(sync, "update")
    assert job.run(f"Id,Title\n{user},x\n")["errorMessage"].endswith("not found : Title")


def test_half_an_answer(sync: Client, org: Simulator) -> None:
    path = done(sync, "SELECT Id FROM User")
    whole = page(sync, path).text
    org.fault("truncated_csv", count=1, match={"path": "/results"})
    assert page(sync, path).text == whole[: len(whole) // 2]


def test_the_day_s_query_jobs_count(sync: Client) -> None:
    def left() -> int:
        return int(sync.call("GET", "limits").json()["DailyBulkV2QueryJobs"]["Remaining"])

    before = left()
    path = done(sync, "SELECT Id FROM User LIMIT 1")
    assert left() == before - 1
    listed = sync.call("GET", "jobs/query").json()["records"]
    assert listed[-1]["id"] == path.rpartition("/")[2]
    assert {"jobType", "state", "object", "createdDate"} <= listed[-1].keys()


def test_jobs_outlive_a_restart(tmp_path: Path) -> None:
    """What was complete can still be read; what was not goes on where it was, no row twice."""
    options = ("--users", "3000", "--seed", "3", "--data", str(tmp_path))
    first = Simulator(*options)
    client = first.login()
    token = str(client.headers["Authorization"]).removeprefix("Bearer ")
    finished = done(client, "SELECT Id, Name FROM User")
    result = page(client, finished).text
    ids = [row[0] for row in rows(result)[1:]]
    job = Ingest(client, "update")
    job.start("Id,Title\n" + "".join(f"{i},once\n" for i in ids))
    begun = query(client, "SELECT Id FROM User")
    while client.call("GET", job.path).json()["numberRecordsProcessed"] == 0:
        pass
    first.kill()
    second = Simulator(*options)
    again = second.client(token)
    assert page(again, finished).text == result
    done_job = wait(again, job.path)
    assert (done_job["numberRecordsProcessed"], done_job["numberRecordsFailed"]) == (len(ids), 0)
    assert sorted(change["id"] for change in second.changes(0)) == sorted(ids)
    assert wait(again, begun)["numberRecordsProcessed"] == len(ids)
    assert len(rows(again.call("GET", f"{begun}/results").text)) == len(ids) + 1
    assert second.stop() == 0
