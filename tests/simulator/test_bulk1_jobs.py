"""Jobs and batches of Bulk API 1.0: sessions, states, counters, refusals."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator.bulk1_jobs import BASE, Job, call, error, order, read, session
from tests.simulator.bulk_jobs import PATIENCE, query, wait
from tests.simulator.running import Client, Simulator


@pytest.fixture(scope="module")
def slow() -> Iterator[Simulator]:
    """An org in which a batch stays for a while in each state."""
    simulator = Simulator("--users", "20", "--seed", "3", "--bulk-delay", "0.6")
    yield simulator
    assert simulator.stop() == 0


def test_the_way_of_a_job(org: Simulator, sync: Client, user: str) -> None:
    job = Job(sync, "update", "User")
    made = read(job.made)
    assert job.made.headers["Content-Type"] == "application/xml"
    assert job.made.headers["Location"] == f"{BASE}{job.path}"
    expected = {"operation": "update", "object": "User", "state": "Open", "contentType": "CSV"}
    expected |= {"concurrencyMode": "Parallel", "apiVersion": "59.0", "numberBatchesTotal": "0"}
    assert made.items() >= expected.items()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", made["createdDate"])
    before = org.last_change()
    answer = job.post(f"Id,Title\n{user},by bulk 1\n")
    added, number = read(answer), org.last_call()["seq"]
    assert (answer.status_code, added["state"], added["jobId"]) == (201, "Queued", job.id)
    assert (job.id[:3], added["id"][:3]) == ("750", "751")
    path = f"{job.path}/batch/{added['id']}"
    assert answer.headers["Location"] == f"{BASE}{path}"
    assert job.wait(path)["state"] == "Completed"
    closed = read(job.state("Closed"))
    assert closed["state"] == job.info()["state"] == "Closed"
    [change] = org.changes(before)
    assert (change["id"], change["after"], change["call"]) == (user, {"Title": "by bulk 1"}, number)
    assert change["by"] == made["createdById"]
    sent = call(sync, "GET", f"{path}/request")
    assert sent.text == f"Id,Title\n{user},by bulk 1\n"
    assert sent.headers["Content-Type"] == "text/csv"


def test_a_job_in_json(sync: Client) -> None:
    """In the language of the request, with null for what is not there."""
    body = '{"operation": "upsert", "object": "Account", "contentType": "JSON", '
    body += '"externalIdFieldName": "Id", "concurrencyMode": 1}'
    made = call(sync, "POST", "job", "JSON", data=body).json()
    assert list(made) == sorted(made)
    assert (made["apiVersion"], made["concurrencyMode"]) == (59.0, "Serial")
    assert (made["assignmentRuleId"], made["externalIdFieldName"]) == (None, "Id")
    assert made["createdDate"].endswith(".000+0000")
    path = f"job/{made['id']}"
    assert read(call(sync, "GET", path))["id"] == made["id"]
    batch = call(sync, "POST", f"{path}/batch", "JSON", data="[]")
    assert batch.headers["Content-Type"] == "application/json"
    assert batch.json()["stateMessage"] is None
    listed = call(sync, "GET", f"{path}/batch").json()
    assert [one["id"] for one in listed["batchInfo"]] == [batch.json()["id"]]


def test_without_a_session_nothing_is_told(org: Simulator, sync: Client) -> None:
    for headers in ({}, {"X-SFDC-Session": "wrong"}, {"Authorization": f"Bearer {session(sync)}"}):
        answer = org.anyone.call("GET", f"{BASE}job/750000000000000", headers=headers)
        assert error(answer) == (400, "InvalidSessionId", "Invalid session id")
        assert answer.headers["Content-Type"] == "application/xml"
    answer = org.anyone.call("POST", f"{BASE}job", json={})
    assert answer.headers["Content-Type"] == "application/json"
    assert error(answer)[1] == "InvalidSessionId"


def test_a_session_of_soap_is_one(org: Simulator) -> None:
    token = org.control("POST", "token", {"user": "admin"})["access_token"]
    body = f"""<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
        xmlns:u="urn:partner.soap.sforce.com"><e:Body><u:login>
        <u:username>{org.ready["admin_username"]}</u:username><u:password>
        {org.ready["admin_password"]}{org.ready["admin_security_token"]}</u:password></u:login>
        </e:Body></e:Envelope>""".replace("<u:password>\n        ", "<u:password>")
    answer = org.anyone.call("POST", "/services/Soap/u/59.0", data=body)
    found = re.search(r"<sessionId>([^<]+)", answer.text)
    assert found, answer.text
    assert found[1] != token
    assert Job(org.client(found[1]), "query", "User").info()["state"] == "Open"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"operation": "update", "object": "Nope"}, "InvalidEntity"),
        ({"operation": "merge", "object": "User"}, "InvalidJob"),
        ({"object": "User"}, "InvalidJob"),
        ({"operation": "update", "object": "User", "contentType": "ZIP_CSV"}, "InvalidJob"),
        ({"operation": "update", "object": "User", "concurrencyMode": "Fast"}, "InvalidJob"),
        ({"operation": "upsert", "object": "User"}, "InvalidJob"),
        ({"operation": "hardDelete", "object": "Account"}, "FeatureNotEnabled"),
    ],
)
def test_jobs_that_are_refused(sync: Client, fields: dict[str, str], code: str) -> None:
    status, found, message = error(call(sync, "POST", "job", data=order(**fields)))
    assert (status, found) == (400, code)
    assert not message.startswith(code)


def test_bodies_that_are_no_order(sync: Client) -> None:
    for body in ("<jobInfo>", "<!DOCTYPE jobInfo><jobInfo/>", "", b"\xff"):
        assert error(call(sync, "POST", "job", data=body))[:2] == (400, "InvalidXml")
    for body, code in (("[]", "InvalidJob"), ("{", "ClientInputError")):
        assert error(call(sync, "POST", "job", "JSON", data=body))[:2] == (400, code)


def test_urls_that_lead_nowhere(sync: Client) -> None:
    job = Job(sync, "insert", "Account")
    assert error(call(sync, "GET", "jobs"))[1] == "InvalidOperation"
    assert error(call(sync, "GET", f"{job.path}/nope"))[1] == "InvalidUrl"
    assert error(call(sync, "DELETE", job.path))[0] == 405
    headers = {"X-SFDC-Session": session(sync)}
    for version, code in (("v59.0", "InvalidUrl"), ("99.0", "InvalidVersion")):
        answer = sync.call("GET", f"/services/async/{version}/{job.path}", headers=headers)
        assert error(answer)[:2] == (400, code)
    assert error(call(sync, "GET", "job/7505f000005mc66AAA"))[1] == "InvalidJob"
    assert error(call(sync, "GET", f"{job.path}/batch/{job.id}"))[1] == "InvalidBatch"


def test_another_user_s_job_is_refused(sync: Client, admin: Client) -> None:
    job = Job(admin, "insert", "Account")
    assert error(call(sync, "GET", job.path))[:2] == (400, "InvalidUser")


def test_jobs_of_the_two_apis_do_not_mix(sync: Client) -> None:
    job = Job(sync, "query", "User")
    job.found("SELECT Id FROM User LIMIT 1")
    assert sync.call("GET", f"jobs/query/{job.id}").status_code == 404
    listed = sync.call("GET", "jobs/query").json()["records"]
    assert job.batches()[0]["id"] not in {one["id"] for one in listed}


def test_a_closed_job_takes_no_batch(sync: Client) -> None:
    job = Job(sync, "insert", "Account")
    assert call(sync, "GET", f"{job.path}/batch").text.endswith('dataload" />')
    assert job.state("Closed").status_code == 200
    message = "Failed to create batch, since the Job is not Open. Current job state is 'Closed'"
    assert error(job.post("Name\nA\n")) == (400, "InvalidJobState", message)
    assert error(job.state("Closed")) == (400, "InvalidJobState", "Job already closed")
    assert error(job.state("Open"))[1] == "InvalidJobState"
    assert read(job.state("Aborted"))["state"] == "Aborted"
    assert error(job.state("Closed"))[1] == "InvalidJobState"


def test_batches_that_are_refused(org: Simulator, sync: Client) -> None:
    job = Job(sync, "insert", "Account")
    assert error(job.post(" "))[1] == "InvalidBatch"
    assert error(job.post(b"Name\n" + b"A" * 10_485_760))[1] == "ClientInputError"
    wrong = call(sync, "POST", f"{job.path}/batch", "JSON", data="[]")
    assert error(wrong)[1] == "ClientInputError"
    org.control("POST", "clock", {"offset": 25 * 3600})
    later = org.login()
    assert (
        error(call(later, "POST", f"{job.path}/batch", "CSV", data="Name\nA\n"))[1] == "InvalidJob"
    )


def test_an_aborted_job_leaves_the_queued_batches_alone(slow: Simulator) -> None:
    client = slow.admin()
    job = Job(client, "insert", "Account")
    path = job.add("Name\nAborted\n")
    assert job.info()["numberBatchesQueued"] == "1"
    assert error(call(client, "GET", f"{path}/result"))[1:] == (
        "InvalidBatch",
        "Batch not completed",
    )
    assert read(job.state("Aborted"))["state"] == "Aborted"
    assert job.wait(path)["state"] == "NotProcessed"
    assert client.soql("SELECT Id FROM Account WHERE Name = 'Aborted'") == []


def test_a_serial_job_does_one_batch_after_the_other(slow: Simulator) -> None:
    seen = {}
    for mode in ("Parallel", "Serial"):
        job = Job(slow.admin(), "insert", "Account", concurrencyMode=mode)
        first, second = job.add("Name\nA\n"), job.add("Name\nB\n")
        job.wait(first)
        seen[mode] = job.batch(second)["state"]
        assert job.wait(second)["state"] == "Completed"
    assert seen["Serial"] == "Queued" != seen["Parallel"]


def test_a_serial_job_goes_on_though_nobody_asks(slow: Simulator) -> None:
    client = slow.admin()
    job = Job(client, "insert", "Account", concurrencyMode="Serial")
    for name in ("first", "second"):
        job.add(f"Name\nUnasked {name}\n")
    deadline = time.monotonic() + PATIENCE
    while len(client.soql("SELECT Id FROM Account WHERE Name LIKE 'Unasked%'")) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_counters(sync: Client, people: list[str]) -> None:
    job = Job(sync, "update", "User")
    job.run(f"Id,Title\n{people.pop()},x\n,y\n")
    job.run(f"Id,Nope\n{people.pop()},x\n")
    names = ("Completed", "Failed", "Queued", "InProgress", "Total")
    info = job.info()
    assert [info[f"numberBatches{name}"] for name in names] == ["1", "1", "0", "0", "2"]
    assert (info["numberRecordsProcessed"], info["numberRecordsFailed"]) == ("2", "1")
    assert info["numberRetries"] == "0"


def test_each_batch_counts_in_the_day_s_allotment(sync: Client) -> None:
    def left() -> int:
        found = sync.call("GET", "limits").json()
        assert found["DailyBulkV2QueryJobs"]["Remaining"] == queries
        return int(found["DailyBulkApiBatches"]["Remaining"])

    queries = sync.call("GET", "limits").json()["DailyBulkV2QueryJobs"]["Remaining"]
    before = left()
    job = Job(sync, "query", "User")
    for _ in range(3):
        job.found("SELECT Id FROM User LIMIT 1")
    assert before - left() == 3


def test_calls_are_refused_when_the_quota_is_used_up(org: Simulator, sync: Client) -> None:
    job = Job(sync, "query", "User")
    org.control("POST", "quota", {"max": 10, "used": 10})
    assert error(call(sync, "GET", job.path))[:2] == (400, "ExceededQuota")


def test_faults_and_the_journal_know_these_calls(org: Simulator, sync: Client) -> None:
    job = Job(sync, "query", "User")
    org.fault("expired_token", count=1)
    assert error(call(sync, "GET", job.path))[1] == "InvalidSessionId"
    assert org.last_call()["fault"] == "expired_token"
    call(sync, "GET", job.path)
    paths = {one["path"] for one in org.control("GET", "journal/summary")["calls"]}
    assert "/services/async/{version}/job/{id}" in paths


def test_jobs_survive_a_restart(tmp_path: Path) -> None:
    """A batch that was waiting is carried out by the next process."""
    arguments = ("--users", "20", "--seed", "3", "--data", str(tmp_path), "--bulk-delay", "0.5")
    first = Simulator(*arguments)
    job = Job(first.admin(), "insert", "Account", "JSON")
    path = job.add('[{"Name": "Kept"}, {"Name": null}]')
    first.kill()
    second = Simulator(*arguments)
    job.client = second.admin()
    done = job.wait(path)
    assert (done["state"], done["numberRecordsProcessed"]) == ("Completed", 2)
    results = call(job.client, "GET", f"{path}/result").json()
    assert [one["success"] for one in results] == [True, False]
    assert job.info()["state"] == "Open"
    assert second.stop() == 0


def test_a_folder_of_an_older_simulator_lives_on(tmp_path: Path) -> None:
    """Its jobs know nothing of batches yet."""
    arguments = ("--users", "20", "--seed", "3", "--data", str(tmp_path))
    first = Simulator(*arguments)
    path = query(first.admin(), "SELECT Id FROM User")
    wait(first.admin(), path)
    assert first.stop() == 0
    database = sqlite3.connect(tmp_path / "org.db")
    database.execute("DROP INDEX bulk_batch")
    for column in ("parent", "content_type", "serial", "chunk_size", "start_row"):
        database.execute(f"ALTER TABLE bulk_job DROP COLUMN {column}")
    database.close()
    second = Simulator(*arguments)
    client = second.admin()
    assert client.call("GET", path).json()["state"] == "JobComplete"
    assert len(Job(client, "query", "User").found("SELECT Id FROM User")) == 1
    assert second.stop() == 0
