"""Every way in that simple-salesforce has, by the hosts that it insists on.

The client is as it is; an adapter on its session takes what goes to `*.salesforce.com` to the
simulator, as name resolution would, and leaves the Host header as it was called.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from tests.simulator.running import Simulator

MINE = "simulated-org.my"  # the org's own domain, as the client names it


class ToTheSimulator(HTTPAdapter):
    """Calls go to where the simulator listens, whatever host they name."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        called = urlsplit(str(request.url))
        assert str(called.hostname).endswith(".salesforce.com")
        request.headers["Host"] = called.netloc
        request.url = self._url + str(request.path_url)
        return super().send(request, *args, **more)


@pytest.fixture
def session(org: Simulator) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.verify, made.trust_env = org.ready["ca_file"], False
        made.mount("https://", ToTheSimulator(org.ready["url"]))
        yield made


def app(org: Simulator) -> dict[str, str]:
    return {
        "consumer_key": org.ready["client_id"],
        "consumer_secret": org.ready["client_secret"],
    }


def admin(org: Simulator) -> dict[str, str]:
    return {"username": org.ready["admin_username"], "password": org.ready["admin_password"]}


def with_token(org: Simulator) -> dict[str, str]:
    together = org.ready["admin_password"] + org.ready["admin_security_token"]
    return {"username": org.ready["admin_username"], "password": together}


def by_soap(org: Simulator) -> dict[str, str]:
    return admin(org) | {"security_token": org.ready["admin_security_token"]}


def by_organization(org: Simulator) -> dict[str, str]:
    return admin(org) | {"organizationId": org.ready["organization_id"]}


def by_password_grant(org: Simulator) -> dict[str, str]:
    return with_token(org) | app(org)


def by_jwt_file(org: Simulator) -> dict[str, str]:
    return {
        "username": org.ready["jwt_username"],
        "consumer_key": org.ready["jwt_client_id"],
        "privatekey_file": org.ready["jwt_private_key_file"],
    }


def by_jwt_key(org: Simulator) -> dict[str, str]:
    found = by_jwt_file(org)
    return found | {"privatekey": Path(found.pop("privatekey_file")).read_text("ascii")}


def by_client_credentials(org: Simulator) -> dict[str, str]:
    return app(org) | {"domain": MINE}


@pytest.mark.parametrize("domain", ["login", "test", MINE])
@pytest.mark.parametrize(
    "way", [by_soap, by_organization, by_password_grant, by_jwt_file, by_jwt_key]
)
def test_every_way_in(org: Simulator, session: requests.Session, way: Any, domain: str) -> None:
    sf = Salesforce(session=session, **({"domain": domain} | way(org)))
    assert sf.sf_instance == "simulated-org.my.salesforce.com"
    assert sf.query("SELECT Id FROM Organization")["records"][0]["Id"]
    assert sf.oauth2("userinfo")["organization_id"] == org.ready["organization_id"]


def test_the_way_of_an_app(org: Simulator, session: requests.Session) -> None:
    sf = Salesforce(session=session, **by_client_credentials(org))
    assert sf.oauth2("userinfo")["preferred_username"] == org.ready["jwt_username"]


def test_a_jwt_for_another_host_than_it_is_sent_to(
    org: Simulator, session: requests.Session
) -> None:
    sf = Salesforce(session=session, instance_url=MINE, **by_jwt_file(org))
    assert sf.oauth2("userinfo")["preferred_username"] == org.ready["jwt_username"]


def test_a_trusted_network_needs_no_security_token(
    org: Simulator, session: requests.Session
) -> None:
    who = {"user": org.ready["admin_username"], "password": org.ready["admin_password"]}
    org.control("POST", "password", who)
    try:
        token, instance = SalesforceLogin(session=session, **admin(org))
    finally:
        mine = {"security_token": org.ready["admin_security_token"]}
        org.control("POST", "password", who | mine)
    assert token
    assert instance == "simulated-org.my.salesforce.com"


@pytest.mark.parametrize("way", [by_soap, by_client_credentials, by_password_grant])
def test_a_session_that_ended_is_renewed(
    org: Simulator, session: requests.Session, way: Any
) -> None:
    sf = Salesforce(session=session, **way(org))
    first = sf.session_id
    session.post(f"{sf.oauth2_url}revoke", data={"token": first}, timeout=30)
    assert sf.query("SELECT Id FROM Organization")["totalSize"] == 1
    assert sf.session_id != first


@pytest.mark.parametrize(
    ("way", "wrong", "code"),
    [
        (by_soap, {"password": "x"}, "INVALID_LOGIN"),
        (by_organization, {"organizationId": "00D000000000000"}, "INVALID_LOGIN"),
        (by_password_grant, {"password": "x"}, "invalid_grant"),
        (by_password_grant, {"consumer_secret": "x"}, "invalid_client"),
        (by_client_credentials, {"consumer_key": "x"}, "invalid_client_id"),
        (by_jwt_file, {"consumer_key": "x"}, "invalid_client_id"),
    ],
)
def test_each_refusal_is_read(
    org: Simulator, session: requests.Session, way: Any, wrong: dict[str, str], code: str
) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match=code):
        Salesforce(session=session, **(way(org) | wrong))


def test_who_has_not_approved_the_app_is_warned(org: Simulator, session: requests.Session) -> None:
    """The client knows the sentence by heart."""
    stranger = by_jwt_file(org) | {"username": "nobody@example.com"}
    with (
        pytest.warns(UserWarning, match="you may need to authorize"),
        pytest.raises(SalesforceAuthenticationFailed, match="invalid_grant"),
    ):
        Salesforce(session=session, **stranger)
