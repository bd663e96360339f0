"""Several orgs in one process, each its own; plain HTTP; names in the certificate."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from simulator.tls import load_certificates
from tests.simulator.running import ROOT, Client, Simulator


class Orgs:
    """The process, and a client's view of each of its orgs."""

    def __init__(self, *arguments: str) -> None:
        self.process = Simulator(*arguments)
        self.ready: dict[str, Any] = dict(self.process.ready)
        self._clients: list[Client] = []

    def facts(self, name: str) -> dict[str, str]:
        found: dict[str, str] = next(o for o in self.ready["orgs"] if o["name"] == name)
        return found

    def client(self, name: str, token: str | None = None, scheme: str = "url") -> Client:
        made = Client(self.facts(name)[scheme], self.ready["ca_file"], token)
        self._clients.append(made)
        return made

    def login(self, name: str, scheme: str = "url") -> dict[str, str]:
        facts = self.facts(name)
        form = {
            "grant_type": "client_credentials",
            "client_id": facts["client_id"],
            "client_secret": facts["client_secret"],
        }
        answer = self.client(name, None, scheme).call("POST", "/services/oauth2/token", data=form)
        assert answer.status_code == 200, answer.text
        found: dict[str, str] = answer.json()
        return found

    def session(self, name: str) -> Client:
        return self.client(name, self.login(name)["access_token"])

    def stop(self) -> int:
        for client in self._clients:
            client.close()
        return self.process.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("orgs")


@pytest.fixture(scope="module")
def orgs(folder: Path) -> Iterator[Orgs]:
    several = ("--org", "acme:seed=1", "--org", "globex:users=20,seed=2,brownfield")
    running = Orgs("--users", "10", "--http-port", "0", "--data", str(folder), *several)
    yield running
    assert running.stop() == 0


def test_each_org_is_its_own(orgs: Orgs) -> None:
    acme, globex = orgs.facts("acme"), orgs.facts("globex")
    for name in ("url", "http_url", "client_id", "client_secret", "organization_id"):
        assert acme[name] != globex[name]
    query = {"q": "SELECT count() FROM User WHERE UserType = 'Standard'"}
    counts = [
        orgs.session(name).call("GET", "query", params=query).json()["totalSize"]
        for name in ("acme", "globex")
    ]
    assert counts == [10, 20]


def test_a_session_of_one_is_none_of_the_other(orgs: Orgs) -> None:
    token = orgs.login("acme")["access_token"]
    assert orgs.client("acme", token).call("GET", "limits").status_code == 200
    assert orgs.client("globex", token).call("GET", "limits").status_code == 401


def test_clock_quota_and_faults_are_each_org_s(orgs: Orgs) -> None:
    acme, globex = orgs.session("acme"), orgs.session("globex")
    orders: dict[str, Any] = {
        "clock": {"offset": 500},
        "quota": {"max": 7, "used": 7},
        "faults": {"kind": "html_503"},
    }
    for name, order in orders.items():
        acme.call("POST", f"/__control__/{name}", json=order)
    assert acme.call("GET", "limits").status_code == 503
    assert globex.call("GET", "limits").status_code == 200
    assert globex.call("GET", "/__control__/state").json()["clock_offset"] == 0
    acme.call("DELETE", "/__control__/faults")
    assert acme.call("GET", "limits").status_code == 403
    acme.call("POST", "/__control__/quota", json={"max": 10_000})
    acme.call("POST", "/__control__/clock", json={"offset": 0})


def test_an_org_that_is_slow_slows_no_other(orgs: Orgs) -> None:
    acme, globex = orgs.session("acme"), orgs.session("globex")
    acme.call("POST", "/__control__/faults", json={"kind": "slow_answer", "seconds": 3, "count": 1})
    waiting = threading.Thread(target=acme.call, args=("GET", "limits"))
    waiting.start()
    began = time.monotonic()
    for _ in range(5):
        assert globex.call("GET", "limits").status_code == 200
    took = time.monotonic() - began
    assert waiting.is_alive()
    assert took < 2
    waiting.join()


def test_one_authority_for_all(orgs: Orgs, folder: Path) -> None:
    assert orgs.ready["ca_file"] == str(folder / "ca.pem")
    assert {o["ca_file"] for o in orgs.ready["orgs"]} == {orgs.ready["ca_file"]}
    assert (folder / "acme" / "org.db").exists()


@pytest.mark.parametrize("scheme", ["url", "http_url"])
def test_the_instance_is_where_the_client_called(orgs: Orgs, scheme: str) -> None:
    answer = orgs.login("acme", scheme)
    assert answer["instance_url"] == orgs.facts("acme")[scheme]
    plain = orgs.client("acme", answer["access_token"], scheme)
    assert plain.call("GET", "limits").status_code == 200
    assert (
        plain.call("GET", "/services/oauth2/userinfo")
        .json()["urls"]["rest"]
        .startswith(orgs.facts("acme")[scheme])
    )


@pytest.mark.parametrize(
    "name",
    ["localhost", "127.0.0.1", "acme.localhost", "any.my.salesforce.com", "login.salesforce.com"],
)
def test_names_that_the_certificate_covers(orgs: Orgs, name: str) -> None:
    context = ssl.create_default_context(cafile=orgs.ready["ca_file"])
    place = urlsplit(orgs.facts("acme")["url"])
    assert place.hostname
    assert place.port
    with (
        ssl.create_connection((place.hostname, place.port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=name) as secure,
    ):
        assert secure.version()


def names_in(path: Path) -> set[str]:
    found = x509.load_pem_x509_certificate(path.read_bytes()).extensions
    names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_a_new_name_gets_a_certificate_of_the_same_authority(tmp_path: Path) -> None:
    first = load_certificates(tmp_path, ["one.example"])
    authority, certificate = first.ca_file.read_bytes(), first.server_file.read_bytes()
    assert load_certificates(tmp_path, []).server_file.read_bytes() == certificate
    load_certificates(tmp_path, ["two.example"])
    assert "two.example" in names_in(first.server_file)
    assert first.ca_file.read_bytes() == authority
    assert first.server_file.stat().st_mode & 0o077 == 0
    assert (tmp_path / "ca-key.pem").stat().st_mode & 0o077 == 0


def test_a_folder_without_the_authority_s_key_stays_as_it_is(tmp_path: Path) -> None:
    first = load_certificates(tmp_path, [])
    certificate = first.server_file.read_bytes()
    (tmp_path / "ca-key.pem").unlink()
    assert load_certificates(tmp_path, ["two.example"]).server_file.read_bytes() == certificate


def test_one_named_org_is_listed_as_several_are(tmp_path: Path) -> None:
    running = Orgs("--users", "3", "--data", str(tmp_path), "--org", "solo")
    first = running.facts("solo")
    assert "http_url" not in first
    assert running.stop() == 0
    again = Orgs("--org", "solo", "--data", str(tmp_path))
    assert again.facts("solo")["client_secret"] == first["client_secret"]
    assert again.facts("solo")["admin_password"] == first["admin_password"]
    assert again.stop() == 0


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        (["Acme"], "a name is a-z"),
        (["a:colour=red"], "unknown colour; there are users, seed"),
        (["a:users=many"], "--org a: invalid literal"),
        (["a:brownfield=perhaps"], "true or false, not 'perhaps'"),
        (["a:users=1"], "--users must be at least 2"),
        (["a", "a"], "every org needs a name of its own"),
    ],
)
def test_an_order_that_cannot_be_understood(orders: list[str], said: str) -> None:
    options = [part for order in orders for part in ("--org", order)]
    found = subprocess.run(
        [sys.executable, "-m", "simulator", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert found.returncode == 1
    assert said in found.stderr
    assert found.stdout == ""


def test_the_seed_makes_the_admin_s_password(tmp_path: Path) -> None:
    said = []
    for number, seed in enumerate(("4", "4", "5")):
        running = Simulator("--users", "3", "--seed", seed, "--data", str(tmp_path / str(number)))
        said.append(
            json.dumps([running.ready["admin_password"], running.ready["admin_security_token"]])
        )
        running.stop()
    assert said[0] == said[1] != said[2]
