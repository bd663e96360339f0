"""Outbound messages: what is posted, when it is posted again, and that nothing of it is lost."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
import trustme

from tests.simulator.running import Client, Simulator

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
OM = "{http://soap.sforce.com/2005/09/outbound}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
ACK = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>{}</Ack>'
    "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)
YES = (200, ACK.format("true"))


@dataclass
class Heard:
    """One message as it came."""

    headers: dict[str, str]
    notifications: ET.Element

    def text(self, tag: str) -> str | None:
        return self.notifications.findtext(f"{OM}{tag}")

    @property
    def ids(self) -> list[str]:
        """Of its notifications."""
        return [str(n.findtext(f"{OM}Id")) for n in self.notifications.iter(f"{OM}Notification")]

    @property
    def records(self) -> list[dict[str, str]]:
        return [
            {field.tag.removeprefix(SF): field.text or "" for field in record}
            for record in self.notifications.iter(f"{OM}sObject")
        ]


@dataclass
class Ear:
    """Whoever is posted to: it answers with `says`, the last one for ever."""

    url: str = ""
    says: list[tuple[int, str]] = field(default_factory=lambda: [YES])
    heard: list[Heard] = field(default_factory=list)

    def wait(self, messages: int, seconds: float = 10.0) -> list[Heard]:
        until(lambda: len(self.heard) >= messages, seconds)
        return self.heard

    @property
    def ids(self) -> list[str]:
        return [i for one in self.heard for i in one.ids]

    @property
    def records(self) -> list[str]:
        return [record["Id"] for one in self.heard for record in one.records]


def until(is_so: Callable[[], object], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


@contextmanager
def listening(port: int = 0, certificate: trustme.LeafCert | None = None) -> Iterator[Ear]:
    found = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            root = ET.fromstring(self.rfile.read(int(self.headers["Content-Length"])))
            inside = root.find(f"{SOAP}Body/{OM}notifications")
            assert inside is not None
            found.heard.append(Heard(dict(self.headers), inside))
            status, body = found.says.pop(0) if len(found.says) > 1 else found.says[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    scheme = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        found.url = f"{scheme}://127.0.0.1:{server.server_port}/take"
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as found:
        yield found


@pytest.fixture
def org(org: Simulator) -> Iterator[Simulator]:
    yield org
    org.control("DELETE", "outbound")


def tell(org: Simulator, ear: Ear, **more: Any) -> dict[str, Any]:
    order = {"url": ear.url, "object": "User", "first_gap": 0.1, **more}
    made: dict[str, Any] = org.control("POST", "outbound", order)
    return made


def edit(client: Client, user: str, **fields: Any) -> None:
    assert client.call("PATCH", f"sobjects/User/{user}", json=fields).status_code == 204


def state(org: Simulator, number: int) -> dict[str, Any]:
    [found] = [o for o in org.control("GET", "outbound")["outbound"] if o["id"] == number]
    return dict(found)


def settled(org: Simulator, number: int, delivered: int) -> None:
    def is_done() -> bool:
        found = state(org, number)
        return (found["waiting"], found["delivered"]) == (0, delivered)

    until(is_done)


def test_a_save_is_told_in_the_documented_form(
    org: Simulator, admin: Client, user: str, ear: Ear
) -> None:
    fields = ["IsActive", "Title", "FirstName", "SystemModstamp", "Requested_PBX__c"]
    order = tell(org, ear, fields=fields)
    edit(admin, user, Title="<R&D>", FirstName=None)
    [heard] = ear.wait(1)
    assert heard.headers["Content-Type"] == "text/xml; charset=utf-8"
    names = [child.tag.removeprefix(OM) for child in heard.notifications]
    assert names == [
        "OrganizationId", "ActionId", "SessionId", "EnterpriseUrl", "PartnerUrl", "Notification",
    ]  # fmt: skip
    assert heard.text("OrganizationId") == org.control("GET", "state")["organization_id"]
    assert heard.text("ActionId") == order["action_id"]
    assert str(heard.text("ActionId")).startswith("04k")
    session = heard.notifications.find(f"{OM}SessionId")
    assert session is not None
    assert session.attrib == {f"{XSI}nil": "true"}
    [record] = heard.records
    assert list(record) == ["Id", "IsActive", "Title", "SystemModstamp", "Requested_PBX__c"]
    assert (record["Id"], record["Title"], record["IsActive"]) == (user, "<R&D>", "true")
    assert record["SystemModstamp"].endswith(".000Z")
    [number] = heard.ids
    assert (number[:3], len(number)) == ("04l", 18)
    settled(org, order["id"], 1)
    assert state(org, order["id"])["last"] == {"status": 200, "acknowledged": True}


def test_every_way_of_saving_is_told(
    org: Simulator, admin: Client, people: list[str], ear: Ear
) -> None:
    since = people[:3]
    tell(org, ear)
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "t"} for p in since]
    admin.call("PATCH", "composite/sobjects", json={"records": records})
    until(lambda: sorted(ear.records) == sorted(since))
    made = admin.call("POST", "sobjects/Account", json={"Name": "no user"})
    assert made.status_code == 201
    edit(admin, since[0])  # nothing changes, and it is a save all the same
    until(lambda: len(ear.records) == 4)
    assert ear.records[3] == since[0]


def test_a_hundred_go_into_a_message(
    org: Simulator, admin: Client, people: list[str], ear: Ear
) -> None:
    order = tell(org, ear)
    records = [{"attributes": {"type": "User"}, "id": p, "Title": "h"} for p in people[:150]]
    admin.call("PATCH", "composite/sobjects", json={"records": records})
    settled(org, order["id"], 150)
    assert [len(one.ids) for one in ear.heard] == [100, 50]
    assert len(set(ear.ids)) == 150


def test_only_saves_that_are_meant_are_told(
    org: Simulator, admin: Client, sync: Client, people: list[str], ear: Ear
) -> None:
    tell(org, ear, when={"by": "admin", "ids": people[:2]})
    edit(sync, people[0], Effective_PBX__c=True)
    edit(admin, people[2], Title="not meant")
    edit(admin, people[1], Title="meant")
    ear.wait(1)
    time.sleep(0.2)
    assert ear.records == [people[1]]


def test_what_is_not_heard_comes_again_after_growing_gaps(
    org: Simulator, admin: Client, user: str, ear: Ear
) -> None:
    ear.says = [(500, ACK.format("true")), (200, ACK.format("false")), (200, ""), (302, ""), YES]
    order = tell(org, ear, first_gap=0.2, growth=2.0, longest_gap=0.4)
    began = time.monotonic()
    edit(admin, user, Title="again")
    settled(org, order["id"], 1)
    assert len(ear.heard) == 5
    assert time.monotonic() - began >= 0.2 + 0.4 + 0.4 + 0.4
    assert len(set(ear.ids)) == 1


@pytest.mark.parametrize(
    "body",
    ["true", "<Ack>true</Ack>", "<html>true</html>", ACK.format("TRUE"), ACK.format("true") + "x"],
)
def test_what_is_no_acknowledgement_is_none(
    org: Simulator, admin: Client, user: str, ear: Ear, body: str
) -> None:
    ear.says = [(200, body)]
    order = tell(org, ear)
    edit(admin, user, Title="x")
    ear.wait(2)
    assert state(org, order["id"])["waiting"] == 1


def test_the_record_is_told_as_it_is_when_it_is_sent(
    org: Simulator, admin: Client, user: str, ear: Ear
) -> None:
    ear.says = [(503, ""), YES]
    order = tell(org, ear, fields=["Title"], first_gap=0.5)
    edit(admin, user, Title="first")
    ear.wait(1)
    edit(admin, user, Title="second")
    settled(org, order["id"], 2)
    assert [r["Title"] for one in ear.heard for r in one.records] == ["first", "second", "second"]


def test_after_a_day_of_the_orgs_time_it_is_given_up(
    org: Simulator, admin: Client, user: str, ear: Ear
) -> None:
    ear.says = [(503, "")]
    order = tell(org, ear, first_gap=3600.0)
    edit(admin, user, Title="never heard")
    ear.wait(1)
    org.control("POST", "clock", {"offset": 23 * 3600})
    ear.wait(2)
    assert state(org, order["id"])["dropped"] == 0
    org.control("POST", "clock", {"offset": 24 * 3600 + 1})
    until(lambda: state(org, order["id"])["dropped"] == 1)
    assert state(org, order["id"])["waiting"] == 0


def test_a_part_comes_twice(org: Simulator, admin: Client, people: list[str], ear: Ear) -> None:
    order = tell(org, ear, duplicate={"share": 0.5, "seed": 3, "seconds": 0.1})
    for person in people[:20]:
        edit(admin, person, Title="d")
    settled(org, order["id"], 20)
    counts = [ear.ids.count(i) for i in set(ear.ids)]
    assert len(counts) == 20
    assert 0 < counts.count(2) < 20
    assert max(counts) == 2


def test_a_part_is_overtaken(org: Simulator, admin: Client, people: list[str], ear: Ear) -> None:
    order = tell(org, ear, reorder={"share": 0.4, "seed": 5, "seconds": 0.4})
    for person in people[:20]:
        edit(admin, person, Title="o")
    settled(org, order["id"], 20)
    assert sorted(ear.ids) != ear.ids
    assert len(set(ear.ids)) == 20


def test_who_does_not_listen_is_tried_again(org: Simulator, admin: Client, user: str) -> None:
    with listening() as gone:
        port = int(gone.url.rpartition(":")[2].partition("/")[0])
    order = tell(org, gone)
    edit(admin, user, Title="is anybody there")
    until(lambda: state(org, order["id"])["last"] is not None)
    assert state(org, order["id"])["last"]["error"] == "ConnectError"
    with listening(port) as back:
        back.wait(1)
        settled(org, order["id"], 1)


def test_a_certificate_is_looked_at_unless_told_otherwise(
    org: Simulator, admin: Client, user: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with listening(certificate=authority.issue_cert("127.0.0.1")) as safe:
        strict = tell(org, safe)
        trusting = tell(org, safe, ca_file=str(tmp_path / "ca.pem"))
        careless = tell(org, safe, insecure=True)
        edit(admin, user, Title="tls")
        settled(org, trusting["id"], 1)
        settled(org, careless["id"], 1)
        until(lambda: state(org, strict["id"])["last"] is not None)
        assert state(org, strict["id"])["last"]["error"] == "ConnectError"
        org.control("DELETE", "outbound")


def test_what_waits_survives_a_kill(tmp_path: Path) -> None:
    with listening() as ear:
        ear.says = [(503, "")]
        first = Simulator("--users", "30", "--seed", "3", "--data", str(tmp_path))
        user = str(first.control("GET", "users?limit=10")["users"][-1]["Id"])
        order = tell(first, ear, first_gap=1.0)
        edit(first.admin(), user, Title="before the end")
        ear.wait(1)
        edit(first.admin(), user, Title="at the end")
        first.kill()
        ear.says = [YES]
        second = Simulator("--users", "30", "--seed", "3", "--data", str(tmp_path))
        settled(second, order["id"], 2)
        assert second.control("POST", "outbound", {"url": ear.url})["id"] > order["id"]
        assert second.stop() == 0
        assert len(set(ear.ids)) == 2


def test_a_stop_while_a_message_is_on_its_way_ends_at_once(tmp_path: Path) -> None:
    with listening() as ear:
        ear.says = [(503, "")]
        first = Simulator("--users", "30", "--seed", "3", "--data", str(tmp_path))
        user = str(first.control("GET", "users?limit=10")["users"][-1]["Id"])
        tell(first, ear, first_gap=0.01, growth=1.0)
        edit(first.admin(), user, Title="on and on")
        ear.wait(5)
        began = time.monotonic()
        assert first.stop() == 0
        assert time.monotonic() - began < 5


def test_what_is_removed_is_told_no_more(
    org: Simulator, admin: Client, user: str, ear: Ear
) -> None:
    ear.says = [(503, "")]
    order = tell(org, ear)
    edit(admin, user, Title="gone")
    ear.wait(1)
    assert org.control("DELETE", f"outbound/{order['id']}") == {"removed": 1}
    assert org.control("GET", "outbound") == {"outbound": []}
    time.sleep(0.3)
    told = len(ear.heard)
    edit(admin, user, Title="gone too")
    time.sleep(0.5)
    assert len(ear.heard) == told


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"url": "ftp://x"},
        {"url": "http://"},
        {"url": "http://x:nothing/"},
        {"object": "Nothing"},
        {"fields": ["Nothing"]},
        {"fields": "Title"},
        {"fields": ["Address"]},
        {"when": {"object": "User"}},
        {"when": {"share": 2}},
        {"growth": 0.5},
        {"first_gap": 0},
        {"duplicate": {"share": 2}},
        {"duplicate": 0.5},
        {"reorder": {"seconds": -1}},
        {"ca_file": "/nothing/here"},
        {"more": 1},
    ],
)
def test_a_mistake_is_answered_with_a_sentence(org: Simulator, order: dict[str, Any]) -> None:
    whole = ({"url": "http://127.0.0.1:1/"} | order) if order else {}
    answer: requests.Response = org.anyone.call("POST", "/__control__/outbound", json=whole)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert org.control("GET", "outbound") == {"outbound": []}
