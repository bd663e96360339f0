"""Loading by Bulk API 2.0: the way of a job, and what becomes of each row."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.bulk_jobs import Ingest, rows, wait
from tests.simulator.running import Client, Simulator
from tests.simulator.seats import org_with_seats, seat

UNKNOWN = "0055f000005mc66AAA"


@pytest.fixture(scope="module")
def seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with org_with_seats(tmp_path_factory.mktemp("project"), users=20, seed=3) as made:
        yield made


@pytest.fixture
def loader(seats: Simulator) -> Iterator[Client]:
    yield seats.login()
    seats.control("DELETE", "faults")


def errors(job: Ingest) -> list[str]:
    return [row[1] for row in rows(job.results("failedResults"))[1:]]


def test_the_way_of_a_job(sync: Client, org: Simulator, user: str) -> None:
    job = Ingest(sync, "update")
    made = job.made.json()
    expected = {"operation": "update", "object": "User", "state": "Open", "apiVersion": 59.0}
    assert made.items() >= expected.items()
    assert made["id"].startswith("750")
    assert made["contentUrl"] == f"services/data/v59.0/jobs/ingest/{made['id']}/batches"
    assert '"apiVersion":59.0' in job.made.text
    before = org.last_change()
    put = job.put(f"Id,Title\n{user},by bulk\n")
    assert (put.status_code, put.content) == (201, b"")
    closed = job.state("UploadComplete").json()
    assert closed["state"] == "UploadComplete"
    assert "contentUrl" not in closed
    call = org.last_call()["seq"]
    done = wait(sync, job.path)
    counts = {"numberRecordsProcessed": 1, "numberRecordsFailed": 0, "retries": 0}
    assert done.items() >= {"state": "JobComplete", "jobType": "V2Ingest", **counts}.items()
    assert {"totalProcessingTime", "apiActiveProcessingTime", "apexProcessingTime"} <= done.keys()
    [change] = org.changes(before)
    assert (change["id"], change["after"], change["call"]) == (user, {"Title": "by bulk"}, call)
    assert change["by"] == made["createdById"]
    assert job.results("successfulResults") == (
        f'"sf__Id","sf__Created",Id,Title\n"{user}","false",{user},by bulk\n'
    )
    assert job.results("failedResults") == '"sf__Id","sf__Error",Id,Title\n'
    assert job.results("UNPROCESSEDRECORDS/") == "Id,Title\n"
    assert sync.call("DELETE", job.path).status_code == 204
    assert sync.call("GET", job.path).status_code == 404


def test_results_are_csv_in_utf_8(sync: Client, user: str) -> None:
    job = Ingest(sync, "update")
    job.run(f"Id,Title\n{user},señor 王\n")
    answer = sync.call("GET", f"{job.path}/successfulResults")
    assert answer.headers["Content-Type"] == "text/csv; charset=UTF-8"
    assert "señor 王" in answer.text


def test_a_row_that_fails_does_not_fail_the_job(sync: Client, people: list[str]) -> None:
    first, second = people.pop(), people.pop()
    job = Ingest(sync, "update")
    lines = [
        "Id,Title,Requested_PBX__c,LastName",
        f"{first},fine,TRUE,",
        f"{UNKNOWN},x,,",
        f"{second[:15]},x,perhaps,",
        ",x,,",
        f"{second},x,,#N/A",
        f"{second},{'x' * 81},,",
    ]
    done = job.run("\n".join(lines))
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (
        "JobComplete",
        6,
        5,
    )
    label = "Cloud PBX Requested"
    assert errors(job) == [
        "INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--",
        (
            f"INVALID_TYPE_ON_FIELD_IN_RECORD:{label}: value not of required type: perhaps:"
            "Requested_PBX__c --"
        ),
        "MISSING_ARGUMENT:Id not specified in an update call:--",
        "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
        f"STRING_TOO_LONG:Title: data value too large: {'x' * 80} (max length=80):Title --",
    ]
    failed = rows(job.results("failedResults"))
    assert [row[0] for row in failed[1:]] == [UNKNOWN, second[:15], "", second, second]
    assert [row[0] for row in rows(job.results("successfulResults"))[1:]] == [first]


def test_an_empty_value_is_ignored_and_null_is_spelled_out(loader: Client) -> None:
    Ingest(loader, "insert", "Seat__c").run("Name,Code__c,Note__c,Price__c\nA,e1,old,2.5\n")
    job = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="Code__c")
    job.run("Code__c,Note__c,Price__c\ne1,,#N/A\n")
    found = seat(loader, "e1")
    assert (found["Note__c"], found["Price__c"]) == ("old", None)


def test_every_type_of_value(loader: Client, seats: Simulator) -> None:
    job = Ingest(loader, "insert", "Seat__c")
    head = "Name,Code__c,Booked__c,Price__c,Since__c,Holder__r.Username\n"
    admin = seats.ready["admin_username"]
    done = job.run(
        head
        + f"A,v1,1,12.50,2024-02-03T04:05:06.000Z,{admin.upper()}\n"
        + "B,v2,FALSE,7,2024-02-03T04:05:06+02:00,\n"
        + "C,v3,,much,,\nD,v4,,,yesterday,\nE,v5,,,,nobody@example.com\nF,v6,#N/A,,,\n"
    )
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (6, 4)
    first = seat(loader, "v1")
    assert (first["Booked__c"], first["Price__c"]) == (True, 12.5)
    assert first["Since__c"] == "2024-02-03T04:05:06.000+0000"
    assert first["Holder__c"] == seats.control("GET", "state")["admin_id"]
    assert seat(loader, "v2")["Since__c"] == "2024-02-03T02:05:06.000+0000"
    assert errors(job) == [
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Price__c: value not of required type: much:Price__c --",
        (
            "INVALID_TYPE_ON_FIELD_IN_RECORD:Since__c: value not of required type: yesterday:"
            "Since__c --"
        ),
        (
            "INVALID_FIELD:Foreign key external ID: nobody@example.com not found for field "
            "Username in entity User:--"
        ),
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Booked__c: value not of required type: #N/A:Booked__c --",
    ]


def test_upsert_by_external_id(loader: Client) -> None:
    job = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="code__c")
    assert job.made.json()["externalIdFieldName"] == "Code__c"
    job.run("Id,Code__c,Name\n,u1,first\n,u2,second\n,u2,twice\n,,none\n")
    made = rows(job.results("successfulResults"))
    assert [row[1:] for row in made[1:]] == [
        ["true", "", "u1", "first"],
        ["true", "", "u2", "second"],
    ]
    assert errors(job) == [
        "DUPLICATE_VALUE:Duplicate external id specified: u2:Code__c --",
        "MISSING_ARGUMENT:Code__c not specified:--",
    ]
    again = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="Code__c")
    again.run("Code__c,Name\nU1,renamed\n")
    assert rows(again.results("successfulResults"))[1][:2] == [made[1][0], "false"]
    assert seat(loader, "u1")["Name"] == "renamed"


def test_upsert_by_id(loader: Client) -> None:
    job = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="Id")
    job.run("Id,Name,Code__c\n,new,i1\n")
    record_id = seat(loader, "i1")["Id"]
    again = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="Id")
    again.run(f"Id,Name\n{record_id},changed\n")
    assert seat(loader, "i1")["Name"] == "changed"


def test_delete_leaves_a_record_in_the_bin_and_a_hard_delete_does_not(loader: Client) -> None:
    Ingest(loader, "insert", "Seat__c").run("Name,Code__c\nA,d1\nB,d2\n")
    soft, hard = seat(loader, "d1")["Id"], seat(loader, "d2")["Id"]
    for operation, record_id in (("delete", soft), ("hardDelete", hard)):
        job = Ingest(loader, operation, "Seat__c")
        done = job.run(f"Id\n{record_id}\n{record_id}\n")
        assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)
        assert errors(job)[0].split(":")[0] in ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY")
    soql = "SELECT Id, IsDeleted FROM Seat__c WHERE Code__c IN ('d1', 'd2')"
    left = loader.call("GET", "queryAll", params={"q": soql}).json()["records"]
    assert [(row["Id"], row["IsDeleted"]) for row in left] == [(soft, True)]


def test_users_cannot_be_deleted(sync: Client, user: str) -> None:
    job = Ingest(sync, "delete")
    assert job.run(f"Id\n{user}\n")["numberRecordsFailed"] == 1
    assert errors(job)[0].startswith("INSUFFICIENT_ACCESS_OR_READONLY:")


def test_a_hard_delete_needs_a_permission(sync: Client) -> None:
    order = {"object": "User", "operation": "hardDelete"}
    answer = sync.call("POST", "jobs/ingest", json=order)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "FEATURENOTENABLED")


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [
        ("BACKQUOTE", "`"),
        ("CARET", "^"),
        ("COMMA", ","),
        ("PIPE", "|"),
        ("SEMICOLON", ";"),
        ("TAB", "\t"),
    ],
)
@pytest.mark.parametrize(("ending", "line"), [("LF", "\n"), ("CRLF", "\r\n")])
def test_delimiters_and_line_endings(
    loader: Client, name: str, delimiter: str, ending: str, line: str
) -> None:
    code = f"{name[:2]}{ending}"
    job = Ingest(loader, "insert", "Seat__c", columnDelimiter=name, lineEnding=ending)
    note = f'a {delimiter} "quoted"{line} second '
    quoted = note.replace('"', '""')
    lines = [
        delimiter.join(["Name", "Code__c", "Note__c"]),
        f'A{delimiter}{code}{delimiter}"{quoted}"',
    ]
    done = job.run(line.join(lines))
    assert (done["state"], done["numberRecordsFailed"]) == ("JobComplete", 0), done
    assert seat(loader, code)["Note__c"].replace("\r\n", "\n") == note.replace("\r\n", "\n").strip()
    [head, row] = rows(job.results("successfulResults"), delimiter)
    assert head == ["sf__Id", "sf__Created", "Name", "Code__c", "Note__c"]
    assert row[2:4] == ["A", code]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Name,Nope__c", "InvalidBatch : Field name not found : Nope__c"),
        ("\ufeffName,Code__c", "InvalidBatch : Field name not found : \ufeffName"),
        ("Name,Nope__r.Username", "InvalidBatch : Unable to find relationship: Nope__r"),
        ("Name,Holder__r.Title", "InvalidBatch : Field name not found : Holder__r.Title"),
        (
            "Name,User:Holder__r.Username",
            (
                "InvalidBatch : type is not needed for non polymorphic foreign key references: "
                "Holder__r"
            ),
        ),
        (
            "Name,Code__c\r",
            (
                "ClientInputError : LineEnding is invalid on user data. "
                "Current LineEnding setting is LF"
            ),
        ),
    ],
)
def test_a_bad_header_fails_the_job_before_any_row(
    loader: Client, header: str, message: str
) -> None:
    job = Ingest(loader, "insert", "Seat__c")
    done = job.run(f"{header}\nA,b1\n")
    assert (done["state"], done["errorMessage"]) == ("Failed", message)
    assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (0, 0)
    assert loader.soql("SELECT Id FROM Seat__c WHERE Code__c = 'b1'") == []
    if not header.endswith("\r"):
        assert job.results("unprocessedrecords") == f"{header}\nA,b1\n"


@pytest.mark.parametrize("line", ['C,"x', 'C,"x"y', "C,x,more", "C"])
def test_a_row_that_cannot_be_read_fails_the_job_and_what_is_written_stays(
    loader: Client, line: str
) -> None:
    """The rows of the chunks before it stay; those of its own chunk are unprocessed."""
    job = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="Code__c")
    good = "".join(f"n{i},k{i}\n" for i in range(200))
    done = job.run(f"Name,Code__c\n{good}n200,k200\n{line}")
    assert done["state"] == "Failed"
    assert done["errorMessage"].startswith("ClientInputError : ")
    assert done["numberRecordsProcessed"] == 200
    assert job.results("unprocessedrecords") == f"Name,Code__c\nn200,k200\n{line}"
    assert len(rows(job.results("successfulResults"))) == 201


def test_faults_strike_rows(sync: Client, org: Simulator, people: list[str]) -> None:
    locked, refused, fine = people.pop(), people.pop(), people.pop()
    org.fault("row_lock", ids=[locked], count=1)
    org.fault("record_error", ids=[refused], field="Title", match={"path": "/jobs/"})
    job = Ingest(sync, "update")
    job.run(f"Id,Title\n{locked},x\n{refused},x\n{fine},x\n")
    assert errors(job) == [
        (
            "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: "
            f"{locked}:--"
        ),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION:A validation rule says no.:Title --",
    ]
    assert rows(job.results("successfulResults"))[1][0] == fine


def test_calls_to_jobs_meet_faults_and_cost_quota(sync: Client, org: Simulator) -> None:
    org.fault("html_503", count=1, match={"path": "/jobs/"})
    assert sync.call("POST", "jobs/ingest", json={}).status_code == 503
    used = org.control("GET", "state")["quota"]["used"]
    job = Ingest(sync, "update")
    assert job.put("Id,Title\n").headers["Sforce-Limit-Info"].startswith(f"api-usage={used + 2}/")


def test_a_job_goes_on_in_small_steps(sync: Client, org: Simulator, people: list[str]) -> None:
    """While it runs, its counts grow and other calls are answered."""
    job = Ingest(sync, "update")
    chosen = people[:1600]
    job.start("Id,Department\n" + "".join(f"{i},Bulk\n" for i in chosen))
    seen = set()
    while True:
        found = sync.call("GET", job.path).json()
        seen.add(found["numberRecordsProcessed"])
        if found["state"] == "JobComplete":
            break
    assert len(seen) > 3
    assert all(count % 200 == 0 for count in seen)
    assert max(seen) == len(chosen)


def test_aborting_leaves_the_rest_unprocessed(loader: Client) -> None:
    job = Ingest(loader, "upsert", "Seat__c", externalIdFieldName="Code__c")
    lines = [f"n{i},a{i}\n" for i in range(5000)]
    job.start("Name,Code__c\n" + "".join(lines))
    assert job.state("Aborted").json()["state"] == "Aborted"
    time.sleep(0.1)
    done = wait(loader, job.path)
    assert done["state"] == "Aborted"
    count = done["numberRecordsProcessed"]
    assert count < 5000
    assert job.results("unprocessedrecords") == "Name,Code__c\n" + "".join(lines[count:])
    assert len(loader.soql("SELECT Id FROM Seat__c WHERE Code__c LIKE 'a%'")) == count


def test_one_upload_for_each_job(sync: Client) -> None:
    job = Ingest(sync, "update")
    assert job.put("Id\n").status_code == 201
    again = job.put("Id\n")
    assert again.status_code == 400
    assert again.json()[0]["message"].startswith("Found multiple contents for job: <750")


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"operation": "update"}, "INVALIDJOB"),
        ({"object": "User", "operation": "merge"}, "INVALIDJOB"),
        ({"object": "Nope__c", "operation": "update"}, "INVALIDENTITY"),
        ({"object": "User", "operation": "upsert"}, "INVALIDJOB"),
        ({"object": "User", "operation": "upsert", "externalIdFieldName": "Title"}, "INVALIDJOB"),
        ({"object": "User", "operation": "update", "contentType": "XML"}, "INVALIDJOB"),
        ({"object": "User", "operation": "update", "columnDelimiter": "DOT"}, "INVALIDJOB"),
        ({"object": "User", "operation": "update", "lineEnding": "CR"}, "INVALIDJOB"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_orders_that_are_refused(sync: Client, order: Any, code: str) -> None:
    answer = sync.call("POST", "jobs/ingest", json=order)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_states_that_are_refused(sync: Client) -> None:
    job = Ingest(sync, "update")
    for state in ("JobComplete", "Open", "InProgress"):
        assert job.state(state).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert sync.call("GET", f"{job.path}/successfulResults").status_code == 400
    assert sync.call("DELETE", job.path).status_code == 400
    assert job.state("Aborted").status_code == 200
    for state in ("Aborted", "UploadComplete"):
        assert job.state(state).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert job.put("Id\n").status_code == 400
    assert sync.call("DELETE", job.path[:-3]).status_code == 204
    assert sync.call("GET", "jobs/ingest/7505f000005mc66AAA").status_code == 404


def test_a_job_without_rows_completes(sync: Client) -> None:
    for content in (None, "", "Id,Title\n"):
        job = Ingest(sync, "update")
        if content is not None:
            assert job.put(content).status_code == 201
        job.state("UploadComplete")
        done = wait(sync, job.path)
        assert (done["state"], done["numberRecordsProcessed"]) == ("JobComplete", 0)
        assert rows(job.results("successfulResults"))[0][:2] == ["sf__Id", "sf__Created"]
        assert job.results("unprocessedrecords").strip() in ("", "Id,Title")


def test_job_and_rows_in_one_request(sync: Client, user: str) -> None:
    described = '{"object": "User", "operation": "update", "contentType": "CSV"}'
    parts = {
        "job": (None, described, "application/json"),
        "content": ("content", f"Id,Title\n{user},parts\n", "text/csv"),
    }
    answer = sync.call("POST", "jobs/ingest", files=parts)
    assert (answer.status_code, answer.json()["state"]) == (200, "UploadComplete")
    path = f"jobs/ingest/{answer.json()['id']}"
    assert wait(sync, path)["numberRecordsProcessed"] == 1
    assert sync.soql(f"SELECT Title FROM User WHERE Id = '{user}'")[0]["Title"] == "parts"
    assert sync.call("POST", "jobs/ingest", files={"job": parts["job"]}).status_code == 400


def test_the_list_of_jobs(sync: Client) -> None:
    made = [Ingest(sync, "update").made.json()["id"] for _ in range(2)]
    page = sync.call("GET", "jobs/ingest").json()
    assert (page["done"], page["nextRecordsUrl"]) == (True, None)
    assert [job["id"] for job in page["records"]][-2:] == made
    assert page["records"][-1].items() >= {"jobType": "V2Ingest", "state": "Open"}.items()
    other = sync.call("GET", "jobs/ingest", params={"jobType": "Classic"}).json()
    assert other["records"] == []
    assert sync.call("GET", "jobs/ingest", params={"queryLocator": "x"}).status_code == 400


def test_batches_count_in_the_limits(sync: Client, user: str) -> None:
    def left() -> int:
        found = sync.call("GET", "limits").json()["DailyBulkApiBatches"]
        assert found["Max"] == 15000
        return int(found["Remaining"])

    before = left()
    job = Ingest(sync, "update")
    job.run(f"Id,Title\n{user},x\n")
    assert left() == before - 1
    sync.call("DELETE", job.path)
    assert left() == before - 1
