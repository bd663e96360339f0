from typing import Any

import pytest

from sync.errors import CallFailed, Remedy
from sync.ports.salesforce import OrgGateway, UserReader, UserWriter
from sync.salesforce.gateway import Gateway, WhoAmI

DESCRIBE = "sobjects/User/describe"


def test_it_has_both_ports(org: Any) -> None:
    gateway: Gateway = org.gateway()
    port: OrgGateway = gateway
    assert port.usage is None
    reader: UserReader = gateway.reader
    writer: UserWriter = gateway.writer
    assert (reader.read_limit, writer.write_limit, writer.conditional_limit) == (2000, 200, 25)


def test_the_organization_is_known_from_the_login(org: Any) -> None:
    org.logs_in()
    gateway = org.gateway()
    assert gateway.organization_id() == gateway.organization_id() == org.org_id
    assert org.logins == len(org.mock.calls) == 1


def test_who_am_i(org: Any) -> None:
    org.logs_in()
    body = {
        "sub": "https://login.salesforce.com/id/x",
        "user_id": org.run_as[:15],
        "organization_id": org.org_id,
        "preferred_username": "sync@acme.example",
    }
    org.answers("GET", f"{org.instance}/services/oauth2/userinfo", body)
    assert org.gateway().whoami() == WhoAmI("sync@acme.example", org.run_as, org.org_id)


@pytest.mark.parametrize("body", [{}, [], {"user_id": "x", "organization_id": "y"}, "<html>"])
def test_an_answer_that_does_not_say_who_we_are(org: Any, body: Any) -> None:
    org.logs_in()
    org.answers("GET", f"{org.instance}/services/oauth2/userinfo", body)
    with pytest.raises(CallFailed) as caught:
        org.gateway().whoami()
    assert caught.value.failure.remedy is Remedy.RETRY


def test_the_schema_is_checked_by_describe(org: Any) -> None:
    org.logs_in()
    fields = [{"name": name, "type": "boolean"} for name in org.layout.effective.values()]
    org.answers("GET", DESCRIBE, {"name": "User", "updateable": True, "fields": fields})
    said = org.gateway().check_schema()
    assert said.startswith("Nothing is written, since the org does not fit the layout: ")
    assert "Requested_CTI__c is missing or hidden" in said
    assert "\n" not in said


def test_an_object_that_is_not_there_is_a_problem_of_the_schema(org: Any) -> None:
    org.logs_in()
    error = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    org.answers("GET", DESCRIBE, error, 404)
    (problem,) = org.gateway().schema_problems()
    assert str(problem).startswith("User is missing or hidden; deploy it")


@pytest.mark.parametrize(
    "body", [{}, [1], {"fields": []}, {"fields": [{}]}, {"fields": {"a": 1}}, "<html>"]
)
def test_an_answer_that_describes_nothing_is_a_failed_read(org: Any, body: Any) -> None:
    """I6: an empty describe is no proof that fields are missing."""
    org.logs_in()
    org.answers("GET", DESCRIBE, body)
    with pytest.raises(CallFailed) as caught:
        org.gateway().check_schema()
    assert caught.value.failure.remedy is Remedy.RETRY


def test_an_org_without_api_access_is_one_sentence(org: Any) -> None:
    org.logs_in()
    error = [{"errorCode": "API_DISABLED_FOR_ORG", "message": "The REST API is not enabled."}]
    org.answers("GET", DESCRIBE, error, 403)
    with pytest.raises(CallFailed) as caught:
        org.gateway().check_schema()
    assert caught.value.failure.remedy is Remedy.STOP_ORG
    assert "API access" in str(caught.value)
