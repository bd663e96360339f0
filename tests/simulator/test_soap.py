"""SOAP login and logout, as the clients in use send them and read the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import soap_login

from tests.simulator.running import Simulator

PARTNER = "{urn:partner.soap.sforce.com}"
SIMPLE = """<?xml version="1.0" encoding="utf-8" ?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:urn="urn:partner.soap.sforce.com">
  <soapenv:Header>{header}</soapenv:Header>
  <soapenv:Body><urn:login><urn:username>{username}</urn:username>
    <urn:password>{password}</urn:password></urn:login></soapenv:Body>
</soapenv:Envelope>"""
PLAIN = """<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"><se:Header/><se:Body>
<login xmlns="urn:partner.soap.sforce.com"><username>{username}</username>
<password>{password}</password></login></se:Body></se:Envelope>"""
CDATA = """<soapenv:Envelope xmlns:soapenv='http://schemas.xmlsoap.org/soap/envelope/'
 xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:urn='urn:partner.soap.sforce.com'>
<soapenv:Body><urn:login><urn:username><![CDATA[{username}]]></urn:username>
<urn:password><![CDATA[{password}]]></urn:password></urn:login></soapenv:Body></soapenv:Envelope>"""
SESSION = """<se:Envelope xmlns:se="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:u="urn:partner.soap.sforce.com"><se:Header><u:SessionHeader>
<u:sessionId>{session}</u:sessionId></u:SessionHeader></se:Header><se:Body>
<u:{operation}/></se:Body></se:Envelope>"""


def post(org: Simulator, body: str, path: str = "u/59.0", action: str = "login") -> Any:
    headers = {"Content-Type": "text/xml", "SOAPAction": action}
    return org.anyone.call("POST", f"/services/Soap/{path}", data=body.encode(), headers=headers)


def filled(org: Simulator, template: str, header: str = "", **more: str) -> str:
    ready = org.ready
    values = {
        "username": ready["admin_username"],
        "password": ready["admin_password"] + ready["admin_security_token"],
    } | more
    if template is not CDATA:
        values = {name: escape(value) for name, value in values.items()}
    return template.format(header=header, **values)


def session_of(answer: requests.Response) -> str:
    assert answer.status_code == 200, answer.text
    found = re.search(r"<sessionId>([^<]+)</sessionId>", answer.text)
    assert found
    return found[1]


def code_of(answer: requests.Response) -> str:
    assert answer.status_code == 500, answer.text
    found = re.search(r"<sf:exceptionCode>(\w+)</sf:exceptionCode>", answer.text)
    assert found
    return found[1]


@pytest.fixture
def odd_password(org: Simulator) -> Iterator[str]:
    """A password full of what XML escapes; the admin's own comes back."""
    who, password = org.ready["admin_username"], """<p&ss'w"ord>"""
    org.control("POST", "password", {"user": who, "password": password, "security_token": "t0ken"})
    yield password + "t0ken"
    mine = {
        "password": org.ready["admin_password"],
        "security_token": org.ready["admin_security_token"],
    }
    org.control("POST", "password", {"user": who} | mine)


@pytest.mark.parametrize(
    ("template", "path", "action"),
    [
        (SIMPLE, "u/59.0", "login"),
        (PLAIN, "u/50.0", '""'),
        (CDATA, "u/57.0/", "Login"),
        (SIMPLE, "u/43.0/", "''"),
        (PLAIN, "c/60.0", "login"),
    ],
)
def test_each_client_s_way_to_log_in(
    org: Simulator, template: str, path: str, action: str, odd_password: str
) -> None:
    answer = post(org, filled(org, template, password=odd_password), path, action)
    session = session_of(answer)
    assert answer.headers["Content-Type"].startswith("text/xml")
    assert org.client(session).call("GET", "limits").status_code == 200
    version = path.strip("/").partition("/")[2]
    short = org.ready["organization_id"][:15]
    kind = path[0]
    assert f"<serverUrl>{org.ready['url']}/services/Soap/{kind}/{version}/{short}<" in answer.text


def test_the_order_that_a_client_counts_on(org: Simulator) -> None:
    """The official Python example finds elements by their positions."""
    result = ET.fromstring(post(org, filled(org, SIMPLE)).text)[0][0][0]
    assert result[3].tag == f"{PARTNER}serverUrl"
    assert result[4].tag == f"{PARTNER}sessionId"
    assert result[6].tag == f"{PARTNER}userInfo"
    assert result[6][8].tag == f"{PARTNER}organizationId"
    assert result[6][8].text == org.ready["organization_id"]
    assert result[5].text == result[6].findtext(f"{PARTNER}userId")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("wrong", "INVALID_LOGIN"),
        ("", "INVALID_LOGIN"),
        ("{admin_password}", "LOGIN_MUST_USE_SECURITY_TOKEN"),
        ("{admin_security_token}", "INVALID_LOGIN"),
    ],
)
def test_a_wrong_password_is_a_fault(org: Simulator, password: str, code: str) -> None:
    answer = post(org, filled(org, SIMPLE, password=password.format(**org.ready)))
    assert code_of(answer) == code
    fault = ET.fromstring(answer.text)[0][0]
    assert fault.findtext("faultcode") == code
    assert str(fault.findtext("faultstring")).startswith(f"{code}: Invalid username, password, ")
    assert "<sf:LoginFault" in answer.text


def test_an_unknown_user_is_a_fault(org: Simulator) -> None:
    assert code_of(post(org, filled(org, SIMPLE, username="nobody@example.com"))) == "INVALID_LOGIN"


@pytest.mark.parametrize(("length", "good"), [(18, True), (15, True), (14, False)])
def test_the_organization_stands_for_the_token(org: Simulator, length: int, good: bool) -> None:
    number = org.ready["organization_id"][:length]
    header = (
        "<urn:LoginScopeHeader><urn:organizationId>"
        f"{number}</urn:organizationId></urn:LoginScopeHeader>"
    )
    answer = post(org, filled(org, SIMPLE, header, password=org.ready["admin_password"]))
    if good:
        assert session_of(answer)
    else:
        assert code_of(answer) == "INVALID_LOGIN"


def test_any_user_can_be_given_a_password(org: Simulator, user: str) -> None:
    found = org.control("GET", "users?limit=2300")["users"]
    who = next(u for u in found if u["Id"] == user)
    org.control("POST", "edit", {"id": user, "fields": {"IsActive": True}})
    org.control("POST", "password", {"user": who["Username"], "password": "p"})
    body = filled(org, PLAIN, username=who["Username"].upper(), password="p")
    assert f"<userId>{user}</userId>" in post(org, body).text
    org.control("POST", "edit", {"id": user, "fields": {"IsActive": False}})
    assert code_of(post(org, body)) == "INVALID_LOGIN"


@pytest.mark.parametrize("order", [{}, {"user": "x"}, {"user": "x", "password": "p"}, [1]])
def test_a_password_for_nobody_is_refused(org: Simulator, order: Any) -> None:
    answer = org.anyone.call("POST", "/__control__/password", json=order)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_logout_ends_the_session(org: Simulator) -> None:
    session = session_of(post(org, filled(org, SIMPLE)))
    out = post(org, SESSION.format(session=session, operation="logout"), "u/50.0", '""')
    assert out.status_code == 200
    assert "<logoutResponse/>" in out.text
    assert org.client(session).call("GET", "limits").status_code == 401
    again = post(org, SESSION.format(session=session, operation="logout"))
    assert code_of(again) == "INVALID_SESSION_ID"


def test_a_session_can_ask_who_it_is_and_what_time_it_is(org: Simulator) -> None:
    session = session_of(post(org, filled(org, SIMPLE)))
    path = f"u/59.0/{org.ready['organization_id'][:15]}"
    info = post(org, SESSION.format(session=session, operation="getUserInfo"), path)
    assert f"<userName>{org.ready['admin_username']}</userName>" in info.text
    time = post(org, SESSION.format(session=session, operation="getServerTimestamp"), path)
    assert re.search(r"<timestamp>[\d-]{10}T[\d:]{8}\.\d{3}Z</timestamp>", time.text)
    nobody = post(org, SESSION.format(session="00Dx!y", operation="getUserInfo"), path)
    assert code_of(nobody) == "INVALID_SESSION_ID"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no xml",
        "<a/>",
        "<Envelope/>",
        "<Envelope><Body/></Envelope>",
        BOMB + PLAIN.format(username="&b;", password="x"),
        SESSION.format(session="x", operation="query"),
        "\udcff",
    ],
)
def test_what_is_no_call_is_a_client_s_fault(org: Simulator, body: str) -> None:
    answer = org.anyone.call(
        "POST", "/services/Soap/u/59.0", data=body.encode("utf-8", "surrogateescape")
    )
    assert answer.status_code == 500
    assert "<faultcode>soapenv:Client</faultcode>" in answer.text


def test_where_there_is_no_soap(org: Simulator) -> None:
    assert org.anyone.call("GET", "/services/Soap/u/59.0").status_code == 405
    assert post(org, filled(org, SIMPLE), "x/59.0").status_code == 404
    assert code_of(post(org, filled(org, SIMPLE), "u/20.0")) == "UNSUPPORTED_API_VERSION"


def test_simple_salesforce_reads_the_answer_and_the_fault(org: Simulator) -> None:
    body = filled(org, SIMPLE)
    url = f"{org.ready['url']}/services/Soap/u/59.0"
    headers = {"content-type": "text/xml", "charset": "UTF-8", "SOAPAction": "login"}
    session, host = soap_login(url, body, headers, None, org.anyone)
    assert session.startswith(org.ready["organization_id"][:15] + "!")
    assert f"https://{host}" == org.ready["url"]
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        soap_login(url, filled(org, SIMPLE, password="x"), headers, None, org.anyone)


def test_a_login_is_journaled_and_costs_nothing(org: Simulator) -> None:
    post(org, filled(org, SIMPLE))
    call = org.last_call()
    assert (call["path"], call["status"], call["api_calls"]) == ("/services/Soap/u/59.0", 200, 0)
