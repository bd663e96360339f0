"""An edit reaches the program by an outbound message: a real org posts, the real page takes it."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from sync.store import SqlStore, make_engine
from tests.e2e.harness import (
    LICENSE_SYNC,
    ORG,
    Program,
    Salesforce,
    free_port,
    is_idle,
    pointed_at,
    program,
    salesforce,
    somebody,
    wait_for,
)
from tests.outbound import TOKEN, message

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SEALED = "beta"
SUBJECT = "CN=simulated-org.my.salesforce.com"
ROWS = "SELECT user_id, version, cause FROM pending_user ORDER BY user_id"


@dataclass
class Page:
    """`license-sync admin` over HTTPS, and nothing else of the program: nobody polls."""

    program: Program
    url: str
    ca_file: str
    running: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self) -> None:
        with (self.program.home / "page.log").open("ab") as log:
            self.running.append(
                subprocess.Popen(
                    [LICENSE_SYNC, "admin"], env=self.program.environment, stdout=log, stderr=log
                )
            )
        wait_for("the page answers", self.answers)

    def stop(self) -> None:
        while self.running:
            process = self.running.pop()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0

    def answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", verify=self.ca_file, timeout=5).ok
        except requests.ConnectionError:
            return False

    def address(self, org: str = ORG) -> str:
        return f"{self.url}/outbound/{org}/{TOKEN}"

    def rows(self) -> list[tuple[Any, ...]]:
        with self.program.reading() as database:
            return list(database.execute(ROWS))

    def log(self) -> str:
        return (self.program.home / "page.log").read_text(errors="replace")

    def meet(self, organization_id: str, org: str = ORG) -> None:
        """What a worker does when the org first answers it."""
        engine = make_engine(f"sqlite:///{self.program.database()}")
        SqlStore(engine).meet(org, organization_id)
        engine.dispose()


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Salesforce]:
    with salesforce(tmp_path, "--users", "60", "--seed", "7") as made:
        yield made


@contextmanager
def a_page(home: Path, org: Salesforce) -> Iterator[Page]:
    authority, port = trustme.CA(), free_port()
    authority.cert_pem.write_to_path(home / "ca.pem")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_pem.write_to_path(home / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(home / "cert.pem")
    settings = {
        "ADMIN__PORT": str(port),
        "ADMIN__URL": f"https://localhost:{port}",
        "ADMIN__CERT_FILE": str(home / "cert.pem"),
        "ADMIN__KEY_FILE": str(home / "key.pem"),
        "LOG_LEVEL": "debug",
        f"ORGS__{ORG.upper()}__OUTBOUND_TOKEN": TOKEN,
        f"ORGS__{SEALED.upper()}__OUTBOUND_TOKEN": TOKEN,
        f"ORGS__{SEALED.upper()}__OUTBOUND_CLIENT_CERTIFICATE": SUBJECT,
    }
    named = {f"LICENSE_SYNC_{name}": value for name, value in settings.items()}
    made = program(home, org, **named, **pointed_at(org, SEALED))
    page = Page(made, f"https://localhost:{port}", str(home / "ca.pem"))
    try:
        page.start()
        yield page
    finally:
        page.stop()


@pytest.fixture
def page(tmp_path: Path, org: Salesforce) -> Iterator[Page]:
    with a_page(tmp_path, org) as made:
        yield made


def tell(org: Salesforce, page: Page, **more: Any) -> int:
    order = {"url": page.address(), "ca_file": page.ca_file, "first_gap": 0.3, "growth": 1.0}
    return int(org.control("outbound", order | more)["id"])


def told(org: Salesforce, number: int) -> dict[str, Any]:
    return next(o for o in org.control("outbound")["outbound"] if o["id"] == number)


def test_an_edit_becomes_a_row_through_refusals_repetition_and_a_receiver_that_was_away(
    org: Salesforce, page: Page
) -> None:
    number = tell(org, page, duplicate={"share": 1, "seconds": 0.2})
    ann = somebody(org)
    org.edit(ann, {"Requested_PBX__c": True})
    wait_for("it is refused", lambda: (told(org, number)["last"] or {}).get("status") == 503)
    assert page.rows() == []

    page.meet(org.facts["organization_id"])
    (first,) = wait_for("the row is there", page.rows)
    assert (first[0], first[2]) == (ann, "outbound message")
    wait_for("and told twice", lambda: told(org, number)["delivered"] == 1)
    assert page.rows() == [first], "the second time changed nothing"

    page.stop()
    bob = somebody(org)
    org.edit(bob, {"Requested_PBX__c": True})
    wait_for("nobody is there", lambda: "error" in (told(org, number)["last"] or {}))
    page.start()
    wait_for("the row is there", lambda: {row[0] for row in page.rows()} == {ann, bob})
    wait_for("all is told", lambda: told(org, number)["waiting"] == 0)
    assert first in page.rows()
    assert "an outbound message was refused: The org has not answered yet" in page.log()
    assert TOKEN not in page.log()


def test_reordered_and_repeated_messages_make_one_row_for_each_user(
    org: Salesforce, page: Page
) -> None:
    page.meet(org.facts["organization_id"])
    more = {"duplicate": {"share": 0.5, "seconds": 0.2}, "reorder": {"share": 0.5, "seconds": 0.5}}
    number = tell(org, page, **more)
    users = [somebody(org) for _ in range(5)]
    for title in ("one", "two", "three"):
        for user in users:
            org.edit(user, {"Title": title})
    wait_for("all is told", lambda: told(org, number)["delivered"] == 15)
    assert [row[0] for row in page.rows()] == sorted(users)


def test_only_the_proxy_says_which_certificate_was_shown(org: Salesforce, page: Page) -> None:
    """The proxy is who calls from this machine."""
    organization_id = org.facts["organization_id"]
    page.meet(organization_id, SEALED)
    body = message([somebody(org)], organization_id=organization_id)

    def post(**headers: str) -> int:
        more = {"Content-Type": "text/xml"} | {k.replace("_", "-"): v for k, v in headers.items()}
        answer = requests.post(
            page.address(SEALED), body, headers=more, verify=page.ca_file, timeout=10
        )
        return answer.status_code

    assert post() == 403
    assert post(X_Client_Certificate="CN=evil") == 403
    assert post(X_Client_Certificate=SUBJECT, X_Forwarded_For="192.0.2.7") == 200
    wrong = requests.post(page.address()[:-1], body, verify=page.ca_file, timeout=10)
    assert wrong.status_code == 404
    assert TOKEN[:-1] not in page.log()


def test_an_edit_is_carried_out_within_seconds_though_nobody_polls(
    org: Salesforce, tmp_path: Path
) -> None:
    seldom = {"LICENSE_SYNC_POLL_SECONDS": "3600", "LICENSE_SYNC_OVERLAP_SECONDS": "3600"}
    port = free_port()
    more = {
        f"LICENSE_SYNC_ORGS__{ORG.upper()}__OUTBOUND_TOKEN": TOKEN,
        "LICENSE_SYNC_ADMIN__PORT": str(port),
    }
    made = program(tmp_path, org, **more)
    made.start()
    try:
        made.wait_until("armed and idle", is_idle)
        made.stop()
        made.settings |= seldom
        made.start()
        made.wait_until("idle", is_idle)
        wait_for("the page answers", lambda: _answers(port))
        address = f"http://127.0.0.1:{port}/outbound/{ORG}/{TOKEN}"
        org.control("outbound", {"url": address, "first_gap": 0.3, "when": {"by": "admin"}})
        polled = made.now()["last_poll_at"]
        user, began = somebody(org), time.monotonic()
        org.edit(user, {"Requested_PBX__c": True})
        wait_for("it is carried out", lambda: "PBX" in org.held(user), 15)
        assert time.monotonic() - began < 10
        assert made.now()["last_poll_at"] == polled
        newest = made.json("history", "list", "--user", user)[0]
        admin_id = org.facts_now()["admin_id"]
        assert (newest["cause"], newest["actor"]) == ("outbound message", admin_id)
        assert TOKEN not in made.log()
    finally:
        made.end()


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    except requests.ConnectionError:
        return False
