"""Loading by Bulk API 1.0: CSV, JSON and XML, and what becomes of each row."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.simulator.bulk1_jobs import SPACE, Job, call, error
from tests.simulator.bulk_jobs import rows
from tests.simulator.running import Client, Simulator
from tests.simulator.seats import org_with_seats, seat

NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@pytest.fixture(scope="module")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with org_with_seats(tmp_path_factory.mktemp("project"), users=20, seed=3) as made:
        yield made


@pytest.fixture
def loader(seats: Simulator) -> Iterator[Client]:
    yield seats.login()
    seats.control("DELETE", "faults")


def xml(*records: str) -> str:
    inside = "".join(f"<sObject>{record}</sObject>" for record in records)
    return f'<?xml version="1.0"?><sObjects xmlns="{SPACE}" {NIL}>{inside}</sObjects>'


def test_results_in_csv(loader: Client) -> None:
    for ending in ("\n", "\r\n"):
        code = f"csv{len(ending)}"
        lines = ["Name,Code__c", f'"é, 王",{code}', f"{'x' * 81},no"]
        done, answer = Job(loader, "insert", "Seat__c").run(ending.join(lines))
        assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("2", "1")
        assert answer.headers["Content-Type"] == "text/csv"
        head, good, bad = rows(answer.text)
        assert head == ["Id", "Success", "Created", "Error"]
        assert good == [seat(loader, code)["Id"], "true", "true", ""]
        assert bad[:3] == ["", "false", "false"]
        assert bad[3].startswith("STRING_TOO_LONG:")
        assert bad[3].endswith(":Name --")
        assert answer.text.startswith('"Id","Success","Created","Error"\n"')


def test_records_in_json(seats: Simulator, loader: Client) -> None:
    admin = seats.ready["admin_username"]
    records = [
        {"Name": "J", "Code__c": "j1", "Price__c": 2.5, "Booked__c": True},
        {"Name": "J", "Code__c": "j2", "Note__c": "old", "Holder__r": {"Username": admin}},
        {"attributes": {"type": "Seat__c"}, "Name": "J", "Price__c": "much"},
    ]
    done, answer = Job(loader, "insert", "Seat__c", "JSON").run(json.dumps(records))
    assert (done["state"], done["numberRecordsFailed"]) == ("Completed", 1)
    assert answer.headers["Content-Type"] == "application/json"
    first, second, third = answer.json()
    found = seat(loader, "j1")
    assert (found["Price__c"], found["Booked__c"]) == (2.5, True)
    assert first == {"success": True, "created": True, "id": found["Id"], "errors": []}
    assert second["id"] == seat(loader, "j2")["Id"]
    assert seat(loader, "j2")["Holder__c"] == seats.control("GET", "state")["admin_id"]
    assert (third["success"], third["created"], third["id"]) == (False, False, None)
    [problem] = third["errors"]
    assert problem["statusCode"] == "INVALID_TYPE_ON_FIELD_IN_RECORD"
    assert problem["message"] == "Price__c: value not of required type: much"
    assert problem["fields"] == ["Price__c"]
    order = {"externalIdFieldName": "Code__c"}
    changes = [{"Code__c": "j2", "Note__c": None}, {"Code__c": "j1", "Name": "K"}]
    _, again = Job(loader, "upsert", "Seat__c", "JSON", **order).run(json.dumps(changes))
    assert [one["created"] for one in again.json()] == [False, False]
    assert (seat(loader, "j2")["Note__c"], seat(loader, "j2")["Name"]) == (None, "J")
    assert seat(loader, "j1")["Name"] == "K"


def test_records_in_xml(seats: Simulator, loader: Client) -> None:
    admin = seats.ready["admin_username"]
    first = "<type>Seat__c</type><Name>a &lt; b</Name><Code__c>x1</Code__c><Note__c>old</Note__c>"
    holder = f"<Holder__r><sObject><Username>{admin}</Username></sObject></Holder__r>"
    job = Job(loader, "insert", "Seat__c", "XML")
    done, answer = job.run(xml(first + holder, f"<Name>{'x' * 81}</Name>"))
    assert (done["state"], done["numberRecordsFailed"]) == ("Completed", "1")
    found = seat(loader, "x1")
    assert (found["Name"], found["Holder__c"]) == (
        "a < b",
        seats.control("GET", "state")["admin_id"],
    )
    assert answer.headers["Content-Type"] == "application/xml"
    good = f"<id>{found['Id']}</id><success>true</success><created>true</created>"
    assert f'<results xmlns="{SPACE}"><result>{good}</result><result><errors>' in answer.text
    bad = "<statusCode>STRING_TOO_LONG</statusCode></errors><success>false</success>"
    assert bad + "<created>false</created>" in answer.text
    assert "<fields>Name</fields><message>" in answer.text
    record = f'<Id>{found["Id"]}</Id><Note__c xsi:nil="true"/><Name xsi:nil="false"/>'
    Job(loader, "update", "Seat__c", "XML").run(xml(record))
    found = seat(loader, "x1")
    assert (found["Note__c"], found["Name"]) == (None, "a < b")


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("CSV", "Name,Nope__c\nA,b\n", "InvalidBatch : Field name not found : Nope__c"),
        ("JSON", '[{"Nope__c": 1}]', "InvalidBatch : Field name not found : Nope__c"),
        ("JSON", '[{"Name": ["A"]}]', "InvalidBatch : Field value is an array : Name"),
        ("JSON", '{"Name": "A"}', "InvalidBatch : Failed to parse JSON: "),
        ("JSON", "[{", "InvalidBatch : Failed to parse JSON: "),
        ("XML", "<sObjects>", "InvalidBatch : Failed to parse XML: "),
        ("XML", "<!DOCTYPE x><sObjects/>", "InvalidBatch : Failed to parse XML: a document type"),
        ("XML", "<records/>", "InvalidBatch : Failed to parse XML: "),
    ],
)
def test_a_batch_that_cannot_be_read_fails(
    loader: Client, kind: str, content: str, message: str
) -> None:
    job = Job(loader, "insert", "Seat__c", kind)
    done, answer = job.run(content)
    assert done["state"] == "Failed"
    assert done["stateMessage"].startswith(message)
    assert error(answer) == (400, "InvalidBatch", "Records not processed")
    spoken = "application/json" if kind == "JSON" else "application/xml"
    assert answer.headers["Content-Type"] == spoken


def test_a_batch_takes_ten_thousand_records(loader: Client) -> None:
    content = "Id\n" + "a\n" * 10_001
    done, _ = Job(loader, "delete", "Seat__c").run(content)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Failed", "0")
    assert "10000" in done["stateMessage"]


def test_delete_and_hard_delete(loader: Client) -> None:
    _, made = Job(loader, "insert", "Seat__c").run("Name,Code__c\nA,d1\nB,d2\n")
    first, second = (row[0] for row in rows(made.text)[1:])
    Job(loader, "delete", "Seat__c").run(f"Id\n{first}\n")
    Job(loader, "hardDelete", "Seat__c", "JSON").run(json.dumps([{"Id": second}]))
    soql = "SELECT Id FROM Seat__c WHERE Code__c IN ('d1', 'd2')"
    kept = loader.call("GET", "queryAll", params={"q": soql}).json()["records"]
    assert [record["Id"] for record in kept] == [first]


def test_faults_strike_rows(seats: Simulator, loader: Client) -> None:
    _, made = Job(loader, "insert", "Seat__c").run("Name,Code__c\nA,l1\nB,l2\n")
    free, locked = (row[0] for row in rows(made.text)[1:])
    seats.fault("row_lock", ids=[locked])
    _, answer = Job(loader, "update", "Seat__c").run(f"Id,Note__c\n{free},x\n{locked},x\n")
    found = rows(answer.text)[1:]
    assert [row[:3] for row in found] == [[free, "true", "false"], ["", "false", "false"]]
    assert found[1][3].startswith("UNABLE_TO_LOCK_ROW:")
    assert (seat(loader, "l1")["Note__c"], seat(loader, "l2")["Note__c"]) == ("x", None)


def test_the_request_comes_back_as_it_was_sent(loader: Client) -> None:
    content = '[ {"Name" : "é"} ]'
    job = Job(loader, "insert", "Seat__c", "JSON")
    path = job.add(content)
    job.wait(path)
    answer = call(loader, "GET", f"{path}/request")
    assert answer.content.decode() == content
    assert answer.headers["Content-Type"] == "application/json"
