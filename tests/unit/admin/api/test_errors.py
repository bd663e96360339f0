"""Whatever goes wrong is answered in one shape, and nothing of our insides goes out."""

import logging

import pytest
from starlette.testclient import TestClient

from admin.access import SignedIn
from admin.api.app import make_api
from admin.services import Services
from sync.errors import StoreUnavailable, SyncError
from tests.unit.admin.api.conftest import ADMIN, Api


def asked(services: Services, error: Exception, path: str = "/status") -> tuple[int, str, str]:
    """Status, code and message where finding the caller fails."""

    def fails(_token: str) -> SignedIn | None:
        raise error

    client = TestClient(make_api(services, fails), raise_server_exceptions=False)
    answer = client.get(path, headers={"Authorization": f"Bearer {ADMIN}"})
    said = answer.json()["error"]
    return answer.status_code, said["code"], said["message"]


def test_a_database_that_is_away_is_worth_another_try(services: Services) -> None:
    error = StoreUnavailable("The database is busy; this is tried again.")
    assert asked(services, error) == (503, "unavailable", str(error))


def test_what_else_has_a_name_is_said(services: Services) -> None:
    assert asked(services, SyncError("So it is.")) == (409, "not_allowed", "So it is.")


def test_a_mistake_of_ours_is_logged_and_not_told(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        status, code, message = asked(services, ZeroDivisionError("insides"))
    assert (status, code) == (500, "mistake")
    assert "insides" not in message
    assert "insides" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "unknown"),
        ("GET", "/status/", 404, "unknown"),
        ("DELETE", "/status", 405, "method_not_allowed"),
        ("PUT", "/conflicts/1", 405, "method_not_allowed"),
    ],
)
def test_what_there_is_not(api: Api, method: str, path: str, status: int, code: str) -> None:
    answer = api.ask(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if status == 405:
        assert answer.headers["allow"] == "GET"


def test_a_message_is_one_line_that_can_be_sent(api: Api) -> None:
    body = b'{"\\ud800\\n\\u202e": 1}'
    headers = {"Content-Type": "application/json"}
    said = api.refused("POST", "/conflicts/1/dismiss", 422, content=body, headers=headers)
    assert "\n" not in said
    assert "\u202e" not in said
