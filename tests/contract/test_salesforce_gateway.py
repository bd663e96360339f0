"""What the gateway promises, against the simulated org over HTTPS."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from config.layouts import load_layout
from sync.errors import CallFailed, Remedy
from sync.model import CATALOGUE, License, Licenses, UserRecord
from sync.ports.salesforce import Position, RecordWrite, Written
from sync.salesforce.exchange import Timeouts
from sync.salesforce.gateway import Connection, Gateway, connect
from sync.salesforce.login import ClientCredentials, JwtBearer

ROOT = Path(__file__).parents[2]
USERS = 60
COLLECTIONS = {"path": "composite/sobjects", "method": "PATCH"}


@dataclass
class Simulated:
    """A running simulated org, and what a test may do to it behind the gateway's back."""

    facts: dict[str, str]

    def control(self, method: str, path: str, body: Any = None) -> Any:
        with requests.Session() as http:
            http.trust_env = False
            url = f"{self.facts['url']}/__control__/{path}"
            answer = http.request(method, url, json=body, verify=self.facts["ca_file"], timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def fault(self, kind: str, **order: Any) -> None:
        self.control("POST", "faults", {"kind": kind, **order})

    def edit(self, user_id: str, **fields: Any) -> None:
        self.control("POST", "edit", {"id": user_id, "fields": fields})

    def stored(self, user_id: str) -> dict[str, Any]:
        users: list[dict[str, Any]] = self.control("GET", "users")["users"]
        return next(user for user in users if user["Id"] == user_id)

    def calls(self, part: str) -> list[dict[str, Any]]:
        found = self.control("GET", "journal")
        calls = found["calls"] if isinstance(found, dict) else found
        return [call for call in calls if part in call["path"]]

    def connection(self, **changes: Any) -> Connection:
        made = {
            "org": "acme",
            "login_url": self.facts["url"],
            "credentials": ClientCredentials(self.facts["client_id"], self.facts["client_secret"]),
            "ca_file": self.facts["ca_file"],
            **changes,
        }
        return Connection(**made)

    def gateway(self, **changes: Any) -> Gateway:
        return connect(self.connection(**changes), load_layout("user"))


@pytest.fixture(scope="module")
def running() -> Iterator[Simulated]:
    command = [
        sys.executable,
        "-m",
        "simulator",
        "--port",
        "0",
        "--users",
        str(USERS),
        "--seed",
        "3",
        "--control",
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Simulated(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


@pytest.fixture
def org(running: Simulated) -> Iterator[Simulated]:
    yield running
    running.control("DELETE", "faults")
    running.control("POST", "quota", {"max": 100_000, "used": 0})


@pytest.fixture
def gateway(org: Simulated) -> Gateway:
    return org.gateway()


@pytest.fixture
def everyone(gateway: Gateway) -> tuple[UserRecord, ...]:
    return gateway.reader.everyone("", 2000).records


def write(user_id: str, **changes: Any) -> RecordWrite:
    flags = {License.CTI: True, License.FREEDOM: True, License.SCV: False}
    return RecordWrite(user_id, **{"effective": flags, "status": "In sync", **changes})


def test_a_user_outside_the_scope_is_named_and_not_read(org: Simulated, gateway: Gateway) -> None:
    users = org.control("GET", "users")["users"]
    outside = {user["Id"] for user in users if user["UserType"] != "Standard"}
    ours = next(user["Id"] for user in users if user["UserType"] == "Standard")
    reading = gateway.reader.read([*outside, ours])
    assert outside
    assert (set(reading.records), reading.outside) == ({ours}, outside)
    assert reading.unreadable == frozenset()


# --- login -----------------------------------------------------------------------------------


def test_login_by_client_credentials(org: Simulated, gateway: Gateway) -> None:
    assert gateway.organization_id() == org.facts["organization_id"]
    who = gateway.whoami()
    assert who.organization_id == org.facts["organization_id"]
    assert who.username == org.facts["jwt_username"]


def test_login_by_jwt(org: Simulated) -> None:
    key = Path(org.facts["jwt_private_key_file"]).read_text()
    credentials = JwtBearer(org.facts["jwt_client_id"], org.facts["jwt_username"], key)
    gateway = org.gateway(credentials=credentials)
    assert gateway.organization_id() == org.facts["organization_id"]
    assert gateway.whoami().username == org.facts["jwt_username"]


def test_a_wrong_secret_is_one_sentence_and_recovers(org: Simulated) -> None:
    wrong = org.gateway(credentials=ClientCredentials(org.facts["client_id"], "wrong-secret"))
    with pytest.raises(CallFailed) as caught:
        wrong.organization_id()
    assert caught.value.failure.code == "wrong_secret"
    assert "wrong-secret" not in str(caught.value)
    unknown = org.gateway(credentials=ClientCredentials("nobody", org.facts["client_secret"]))
    with pytest.raises(CallFailed) as caught:
        unknown.organization_id()
    assert caught.value.failure.code in ("unknown_client", "wrong_secret")


def test_a_certificate_that_does_not_verify_is_one_sentence(org: Simulated) -> None:
    with pytest.raises(CallFailed) as caught:
        org.gateway(ca_file=None).reader.server_time()
    assert caught.value.failure.code == "certificate"


# --- schema ----------------------------------------------------------------------------------


def test_the_simulated_org_fits_the_layout(gateway: Gateway) -> None:
    assert gateway.schema_problems() == ()
    assert gateway.check_schema() is None


def test_a_hidden_field_is_named_and_stops_reads_and_writes(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    """I6, trap 17."""
    before = org.stored(everyone[0].user_id)
    org.fault("hidden_field", field="Effective_CTI__c")
    said = gateway.check_schema()
    assert said
    assert "Effective_CTI__c is missing or hidden" in said
    for read in (
        lambda: gateway.reader.everyone("", 10),
        lambda: gateway.reader.read([everyone[0].user_id]),
    ):
        with pytest.raises(CallFailed) as caught:
            read()
        assert caught.value.failure.remedy is Remedy.STOP_ORG
        assert "Effective_CTI__c" in str(caught.value)
    (result,) = gateway.writer.write([write(everyone[0].user_id)])
    assert result.written is Written.REFUSED
    assert result.failure
    assert result.failure.remedy is Remedy.STOP_ORG
    assert org.stored(everyone[0].user_id) == before


def test_a_read_only_field_is_named(org: Simulated, gateway: Gateway) -> None:
    org.fault("read_only_field", field="License_Sync_Status__c")
    org.fault("read_only_field", field="Requested_SCV__c")
    found = {problem.field: problem.blocks for problem in gateway.schema_problems()}
    assert found == {"License_Sync_Status__c": True, "Requested_SCV__c": False}


# --- reading ---------------------------------------------------------------------------------


def test_the_whole_org_comes_page_by_page(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    found: list[str] = []
    last = False
    while not last:
        page = gateway.reader.everyone(found[-1] if found else "", 7)
        found += [record.user_id for record in page.records]
        last = page.last
    assert found == [record.user_id for record in everyone]
    stored = {user["Id"]: user for user in org.control("GET", "users")["users"]}
    assert set(found) == {i for i, user in stored.items() if user["UserType"] == "Standard"}
    for record in everyone:
        user = stored[record.user_id]
        assert (record.username, record.active) == (user["Username"], user["IsActive"])
        for name in CATALOGUE:
            field = gateway.layout.requested[name]
            assert (name in record.requested.on) is user[field]
        assert record.requested.unknown == record.held.unknown == Licenses()


def test_pages_that_salesforce_cuts_smaller_are_put_together(
    org: Simulated, everyone: tuple[UserRecord, ...]
) -> None:
    """Through Sforce-Query-Options, whose least batch is 200: so with an org of that size."""
    with BiggerOrg(450) as big:
        gateway = big.gateway()
        gateway._transport.headers["Sforce-Query-Options"] = "batchSize=200"
        page = gateway.reader.everyone("", 2000)
        assert page.last
        standard = [u for u in big.control("GET", "users")["users"] if u["UserType"] == "Standard"]
        assert len(page.records) == len(standard) >= 400
        assert len(big.calls("/query/")) >= 3


class BiggerOrg:
    """A simulated org of its own."""

    def __init__(self, users: int) -> None:
        self._command = [
            sys.executable,
            "-m",
            "simulator",
            "--port",
            "0",
            "--users",
            str(users),
            "--control",
        ]

    def __enter__(self) -> Simulated:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        return Simulated(json.loads(self._process.stdout.readline()))

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


def test_users_are_found_by_username(gateway: Gateway, everyone: tuple[UserRecord, ...]) -> None:
    for record in [r for r in everyone if "'" in r.username] + list(everyone[:3]):
        assert gateway.find(record.username.upper()) == record.user_id
    assert gateway.find("nobody' OR Name != '") is None


def test_the_fast_poll_misses_none_of_one_second(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    """Trap 2: many rows with one stamp, pages smaller than their number."""
    ids = [record.user_id for record in everyone[:12]]
    begin = gateway.reader.server_time()
    results = gateway.writer.write([write(i, message=f"{begin}") for i in ids])
    assert {result.written for result in results} == {Written.DONE}
    position = Position(begin - timedelta(seconds=1))
    found: set[str] = set()
    last = False
    while not last:
        page = gateway.reader.changed_since(position, 5)
        found |= {record.user_id for record in page.records}
        if page.records:
            position = Position(page.records[-1].modstamp, page.records[-1].user_id)
        last = page.last
    assert set(ids) <= found
    assert gateway.reader.changed_since(position, 5).records == ()


def test_a_reread_tells_the_readable_from_the_rest(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    one, two = everyone[0].user_id, everyone[1].user_id
    stranger = one[:5] + "0000000009"
    org.fault("null_record", ids=[two])
    reading = gateway.reader.read([two, one, stranger])
    assert set(reading.records) == {one}
    assert len(reading.unreadable) == 2
    assert gateway.reader.gone(sorted(reading.unreadable)) == frozenset()


def test_covered_until_waits_for_a_slow_commit(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    """Trap 1: what was stamped and is not visible yet holds latestDateCovered back."""
    user_id = everyone[2].user_id
    assert gateway.reader.covered_until() <= gateway.reader.server_time()
    org.fault("slow_commit", seconds=1.5, count=1, match={"user": "admin"})
    before = org.control("GET", "state")["now"]
    org.control("POST", "clock", {"offset": -before % 60 + 2})  # just past a whole minute
    begin = gateway.reader.server_time()
    editor = threading.Thread(target=org.edit, args=(user_id,), kwargs={"Requested_PBX__c": True})
    editor.start()
    time.sleep(0.5)
    org.control(
        "POST", "clock", {"offset": -before % 60 + 122}
    )  # the edit is still open, two minutes on
    covered = gateway.reader.covered_until()
    editor.join()
    assert covered < begin + timedelta(seconds=2)
    assert gateway.reader.covered_until() > begin + timedelta(seconds=60)


def test_server_time_is_the_servers(org: Simulated, gateway: Gateway) -> None:
    org.control("POST", "clock", {"offset": 7200})
    ahead = gateway.reader.server_time()
    org.control("POST", "clock", {"offset": 0})
    behind = gateway.reader.server_time()
    assert timedelta(hours=1.9) < ahead - behind < timedelta(hours=2.1)
    assert isinstance(behind, datetime)
    assert behind.utcoffset() == timedelta(0)


# --- writing ---------------------------------------------------------------------------------


def test_a_write_arrives_and_its_echo_shows_it(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    user_id = everyone[3].user_id
    sent = write(user_id, message="Said — “so”.", decided="CF", status="Corrected")
    (result,) = gateway.writer.write([sent])
    assert result.written is Written.DONE
    record = gateway.reader.read([user_id]).records[user_id]
    assert record.held.on & Licenses.of(License.CTI, License.FREEDOM, License.SCV) == Licenses.of(
        License.CTI, License.FREEDOM
    )
    assert (record.status, record.message, record.decided) == ("Corrected", "Said — “so”.", "CF")
    assert record.modified_by == gateway.whoami().user_id


def test_each_record_of_a_write_has_its_own_result(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    ids = [record.user_id for record in everyone[4:7]]
    org.fault("record_error", ids=[ids[1]])
    org.fault("row_lock", ids=[ids[2]])
    results = gateway.writer.write([write(i) for i in ids])
    assert [r.written for r in results] == [Written.DONE, Written.REFUSED, Written.REFUSED]
    remedies = [r.failure.remedy for r in results if r.failure]
    assert remedies == [Remedy.PARK, Remedy.RETRY]


def test_a_token_that_expires_before_a_conditional_write_keeps_the_condition(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    """Trap 7: the repeat is as guarded as the first try."""
    user_id = everyone[7].user_id
    read = gateway.reader.read([user_id]).records[user_id]
    time.sleep(1.1)
    org.edit(user_id, Requested_Insight__c=License.INSIGHT not in read.requested.on)
    org.fault("expired_token")
    flags = {License.RECORD: True}
    guarded = RecordWrite(user_id, requested=flags, unless_modified_since=read.modified_at)
    (result,) = gateway.writer.write_if_unmodified([guarded])
    assert result.written is Written.MOVED
    assert [call["status"] for call in org.calls("/composite")][-2:] == [401, 200]


def test_a_token_that_expires_mid_write(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    gateway.reader.server_time()
    org.fault("expired_token")
    results = gateway.writer.write([write(record.user_id) for record in everyone[:20]])
    assert {result.written for result in results} == {Written.DONE}


def test_a_token_that_is_never_accepted(org: Simulated, gateway: Gateway) -> None:
    org.fault("expired_token", count=50)
    logins = len(org.calls("/services/oauth2/token"))
    with pytest.raises(CallFailed) as caught:
        gateway.reader.everyone("", 5)
    assert caught.value.failure.remedy is Remedy.STOP_ORG
    assert len(org.calls("/services/oauth2/token")) - logins in (0, 2)  # if logins are journaled
    org.control("DELETE", "faults")
    assert gateway.reader.everyone("", 5).records


def test_a_conditional_write_arrives_only_if_the_record_is_unchanged(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    same, moved = everyone[8].user_id, everyone[9].user_id
    records = gateway.reader.read([same, moved]).records
    time.sleep(1.1)
    org.edit(moved, Title="Someone was here")
    on = {i: License.PBX not in records[i].requested.on for i in (same, moved)}
    results = gateway.writer.write_if_unmodified(
        [
            RecordWrite(
                i, requested={License.PBX: on[i]}, unless_modified_since=records[i].modified_at
            )
            for i in (same, moved)
        ]
    )
    assert [r.written for r in results] == [Written.DONE, Written.MOVED]
    assert org.stored(same)["Requested_PBX__c"] is on[same]
    assert org.stored(moved)["Requested_PBX__c"] is not on[moved]


def test_an_answer_that_is_lost_after_the_write_is_unknown(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    """Trap 11: it was carried out, and only reading tells."""
    user_id = everyone[10].user_id
    org.fault("lost_answer", count=1)
    (result,) = gateway.writer.write([write(user_id, message="lost")])
    assert result.written is Written.UNKNOWN
    assert gateway.reader.read([user_id]).records[user_id].message == "lost"


@pytest.mark.parametrize("kind", ["cut_before", "truncated_json", "html_503"])
def test_a_write_without_a_whole_answer_is_unknown_and_sent_once(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...], kind: str
) -> None:
    gateway.reader.server_time()
    before = len(org.calls("/composite/sobjects"))
    org.fault(kind, count=1, match=COLLECTIONS)
    (result,) = gateway.writer.write([write(everyone[11].user_id, message=kind)])
    assert result.written is Written.UNKNOWN
    assert len(org.calls("/composite/sobjects")) == before + 1


def test_a_write_whose_answer_is_too_slow_is_unknown(
    org: Simulated, everyone: tuple[UserRecord, ...]
) -> None:
    gateway = org.gateway(timeouts=Timeouts(connect=2, read=0.5, total=3))
    gateway.reader.server_time()
    org.fault("slow_answer", seconds=1.5, count=1, match=COLLECTIONS)
    (result,) = gateway.writer.write([write(everyone[12].user_id)])
    assert result.written is Written.UNKNOWN


# --- troubles --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["html_503", "cut_before"])
def test_a_read_outlasts_a_short_trouble(org: Simulated, gateway: Gateway, kind: str) -> None:
    org.fault(kind, count=2)
    assert gateway.reader.everyone("", 5).records


@pytest.mark.parametrize("kind", ["html_503", "cut_before", "truncated_json"])
def test_a_read_that_stays_broken_is_a_failure(org: Simulated, gateway: Gateway, kind: str) -> None:
    """I6."""
    org.fault(kind)
    for read in (
        lambda: gateway.reader.everyone("", 5),
        lambda: gateway.reader.read(["005000000000001"]),
        gateway.reader.covered_until,
    ):
        with pytest.raises(CallFailed) as caught:
            read()
        assert caught.value.failure.remedy is Remedy.RETRY


def test_the_two_request_limits(org: Simulated, gateway: Gateway) -> None:
    for kind, remedy in (("daily_limit", Remedy.STOP_ORG), ("concurrent_limit", Remedy.RETRY)):
        org.fault(kind, count=1)
        with pytest.raises(CallFailed) as caught:
            gateway.reader.everyone("", 5)
        assert caught.value.failure.remedy is remedy


def test_an_org_without_api_access(org: Simulated, gateway: Gateway) -> None:
    org.fault("api_disabled")
    with pytest.raises(CallFailed) as caught:
        gateway.check_schema()
    assert caught.value.failure.remedy is Remedy.STOP_ORG
    assert "API access" in str(caught.value)


@pytest.mark.parametrize("per_app", [False, True])
def test_the_quota_is_known_after_each_call(
    org: Simulated, gateway: Gateway, per_app: bool
) -> None:
    org.control("POST", "quota", {"max": 5000, "used": 100, "per_app": per_app})
    gateway.reader.everyone("", 5)
    assert gateway.usage
    assert gateway.usage.allowed == 5000
    assert 100 <= gateway.usage.used <= 110


def test_a_refreshed_sandbox_gets_no_write(
    org: Simulated, gateway: Gateway, everyone: tuple[UserRecord, ...]
) -> None:
    """The last test of this org: from here on it is another organization."""
    user_id = everyone[13].user_id
    before = gateway.organization_id()
    new = org.control("POST", "organization_id", {})["organization_id"]
    with pytest.raises(CallFailed) as caught:
        gateway.writer.write([write(user_id, message="to the wrong org")])
    assert caught.value.failure.code == "other_organization"
    assert org.stored(user_id)["License_Sync_Message__c"] != "to the wrong org"
    assert gateway.organization_id() == new != before
