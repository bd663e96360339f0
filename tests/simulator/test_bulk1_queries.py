"""Queries by Bulk API 1.0: forms of results, several files, failures, PK chunking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from tests.simulator.bulk1_jobs import SPACE, Job, call, error, order, read
from tests.simulator.bulk_jobs import rows
from tests.simulator.running import Client, Simulator

SOQL = "SELECT Id, Name, IsActive, CreatedDate, Title, Profile.Name FROM User WHERE Username = '{}'"
CHUNKS = "Sforce-Enable-PKChunking"


@pytest.fixture(scope="module")
def paged() -> Iterator[Simulator]:
    """An org whose results come in files of seven rows."""
    simulator = Simulator("--users", "20", "--seed", "3", "--bulk-page", "7")
    yield simulator
    assert simulator.stop() == 0


def test_csv(org: Simulator, sync: Client) -> None:
    [answer] = Job(sync, "query", "User").found(SOQL.format(org.ready["admin_username"]))
    assert answer.headers["Content-Type"].startswith("text/csv")
    head, row = rows(answer.text)
    assert head == ["Id", "Name", "IsActive", "CreatedDate", "Title", "Profile.Name"]
    assert (row[2], row[3][-5:], row[5]) == ("true", ".000Z", "System Administrator")


def test_json(org: Simulator, sync: Client) -> None:
    soql = SOQL.format(org.ready["admin_username"])
    [answer] = Job(sync, "query", "User", "JSON").found(soql)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text.startswith('[ {\n  "attributes" : {\n    "type" : "User",\n')
    assert answer.text.endswith("} ]")
    [record] = answer.json()
    [rest] = sync.soql(soql)
    assert list(record) == list(rest)
    assert record["attributes"] == rest["attributes"]
    assert record["Profile"] == rest["Profile"]
    assert (record["IsActive"], record["Title"]) == (True, rest["Title"])
    assert isinstance(record["CreatedDate"], int)
    assert record["CreatedDate"] % 1000 == 0
    assert record["CreatedDate"] > 10**12


def test_dates_in_json_are_milliseconds(admin: Client) -> None:
    admin.call("POST", "sobjects/Contact", json={"LastName": "Born", "Birthdate": "1970-01-03"})
    soql = "SELECT Birthdate FROM Contact WHERE LastName = 'Born'"
    [answer] = Job(admin, "query", "Contact", "JSON").found(soql)
    assert answer.json()[0]["Birthdate"] == 2 * 24 * 3600 * 1000


def test_xml(org: Simulator, sync: Client) -> None:
    """With its id twice, or once as nil."""
    soql = SOQL.format(org.ready["admin_username"])
    job = Job(sync, "query", "User", "XML")
    [answer] = job.found(soql)
    assert answer.headers["Content-Type"] == "application/xml"
    [record] = ET.fromstring(answer.text)
    names = [child.tag.removeprefix(f"{{{SPACE}}}") for child in record]
    columns = ["Id", "Name", "IsActive", "CreatedDate", "Title", "Profile"]
    assert names == ["type", "Id", *columns]
    assert record[1].text == record[2].text == sync.soql(soql)[0]["Id"]
    assert (record[4].text, (record[5].text or "")[-5:]) == ("true", ".000Z")
    assert (
        '<Profile xsi:type="sObject"><type>Profile</type><Id xsi:nil="true"/><Name>' in answer.text
    )
    [answer] = job.found("SELECT Title FROM User WHERE Title = null LIMIT 1")
    assert '<Id xsi:nil="true"/><Title xsi:nil="true"/></records></queryResult>' in answer.text


def test_nothing_found(sync: Client) -> None:
    soql = "SELECT Id FROM User WHERE LastName = 'nobody has it'"
    [answer] = Job(sync, "query", "User").found(soql)
    assert answer.text == "Records not found for this query"
    assert Job(sync, "query", "User", "JSON").found(soql)[0].json() == []
    assert len(ET.fromstring(Job(sync, "query", "User", "XML").found(soql)[0].text)) == 0


@pytest.mark.parametrize("kind", ["CSV", "JSON", "XML"])
def test_results_in_several_files(paged: Simulator, kind: str) -> None:
    client = paged.admin()
    files = Job(client, "query", "User", kind).found("SELECT Id FROM User")
    read_file = {
        "CSV": lambda file: [row[0] for row in rows(file.text)[1:]],
        "JSON": lambda file: [record["Id"] for record in file.json()],
        "XML": lambda file: [record[1].text for record in ET.fromstring(file.text)],
    }[kind]
    found = [read_file(file) for file in files]
    assert [len(one) for one in found][:-1] == [7] * (len(found) - 1)
    assert [one for file in found for one in file] == sorted(
        r["Id"] for r in client.soql("SELECT Id FROM User")
    )


@pytest.mark.parametrize(
    ("soql", "message"),
    [
        ("SELECT Nope FROM User", "InvalidBatch : Failed to process query: INVALID_FIELD: "),
        ("SELECT", "InvalidBatch : Failed to process query: MALFORMED_QUERY: "),
        (
            "SELECT Id FROM Profile",
            (
                "InvalidBatch : Failed to process query: INVALID_TYPE_FOR_OPERATION: The root "
                "entity of the requested query (Profile) does not match the entity of the "
                "requested Bulk API Job (User)."
            ),
        ),
        (
            "SELECT Id, (SELECT Id FROM PermissionSetAssignments) FROM User",
            "FeatureNotEnabled : Failed to process query: FUNCTIONALITY_NOT_ENABLED: ",
        ),
    ],
)
def test_a_query_that_cannot_be_run_fails_its_batch(sync: Client, soql: str, message: str) -> None:
    done, answer = Job(sync, "query", "User").run(soql)
    assert done["state"] == "Failed"
    assert done["stateMessage"].startswith(message)
    assert error(answer) == (400, "InvalidBatch", "Records not processed")


def test_query_all_finds_the_deleted(admin: Client) -> None:
    made = admin.call("POST", "sobjects/Account", json={"Name": "Gone"}).json()["id"]
    admin.call("DELETE", f"sobjects/Account/{made}")
    soql = "SELECT Id FROM Account WHERE Name = 'Gone'"
    for operation, count in (("query", 0), ("queryAll", 1)):
        [answer] = Job(admin, operation, "Account", "JSON").found(soql)
        assert len(answer.json()) == count


def test_results_that_are_not_there(sync: Client) -> None:
    job = Job(sync, "query", "User")
    path = job.add("SELECT Id FROM User LIMIT 1")
    job.wait(path)
    assert error(call(sync, "GET", f"{path}/result/752000000000000"))[:2] == (400, "InvalidBatch")


@pytest.mark.parametrize("where", ["", " WHERE IsActive = true OR Title = null"])
def test_chunks_together_are_the_whole(sync: Client, where: str) -> None:
    job = Job(sync, "query", "User", headers={CHUNKS: "chunkSize=1000"})
    job.add(f"SELECT Id FROM User{where}")
    whole, *parts = job.settle(4)
    assert whole["state"] == "NotProcessed"
    assert [part["state"] for part in parts] == ["Completed"] * 3
    files = [job.files(f"{job.path}/batch/{part['id']}")[0] for part in parts]
    found = [row[0] for file in files for row in rows(file.text)[1:]]
    [everyone] = Job(sync, "query", "User").found(f"SELECT Id FROM User{where}")
    assert found == [row[0] for row in rows(everyone.text)[1:]]
    assert int(parts[0]["numberRecordsProcessed"]) <= 1000
    info = job.info()
    assert (info["numberBatchesCompleted"], info["numberBatchesTotal"]) == ("3", "4")
    sent = call(sync, "GET", f"{job.path}/batch/{parts[1]['id']}/request").text
    assert re.search(r"Id >= '005\w{15}' AND Id < '005\w{15}'$", sent)


def test_chunks_begin_where_they_are_told(sync: Client) -> None:
    ids = [row["Id"] for row in sync.soql("SELECT Id FROM User ORDER BY Id LIMIT 200")]
    header = {CHUNKS: f"true; chunkSize=250000; startRow={ids[150][:15]}; parent=Account"}
    job = Job(sync, "query", "User", headers=header)
    job.add("SELECT Id FROM User")
    job.settle(2)
    [file] = job.files(f"{job.path}/batch/{job.batches()[1]['id']}")
    assert rows(file.text)[1][0] == ids[150]


def test_queries_and_objects_that_are_not_chunked(sync: Client) -> None:
    done, _ = Job(sync, "query", "User", headers={CHUNKS: "true"}).run(
        "SELECT Id FROM User ORDER BY Id"
    )
    assert done["state"] == "Failed"
    plain = Job(sync, "query", "User", headers={CHUNKS: "false"})
    plain.found("SELECT Id FROM User LIMIT 1")
    assert len(plain.batches()) == 1
    for name, header in (("Profile", "true"), ("User", "chunkSize=0"), ("User", "startRow=x")):
        fields = order(operation="query", object=name, contentType="CSV")
        answer = call(sync, "POST", "job", data=fields, headers={CHUNKS: header})
        assert error(answer)[:2] == (400, "InvalidJob")


def test_chunks_of_an_object_without_records(sync: Client) -> None:
    job = Job(sync, "query", "Case", headers={CHUNKS: "true"})
    job.add("SELECT Id FROM Case")
    found = job.settle(2)
    assert [one["state"] for one in found] == ["NotProcessed", "Completed"]
    assert read(call(sync, "GET", job.path))["numberRecordsProcessed"] == "0"
