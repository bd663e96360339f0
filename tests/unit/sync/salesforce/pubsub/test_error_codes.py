"""Why the bus refuses, said as what to do about it."""

import grpc
import pytest

from sync.errors import Remedy
from sync.ports.events import POSITION_LOST
from sync.salesforce.pubsub.error_codes import EXPIRED, PREFIX, RARE_SECONDS, failure


class Ended(grpc.RpcError):
    """A call that ended with this status and trailers."""

    def __init__(self, status: grpc.StatusCode, suffix: str = "", details: str = "no") -> None:
        self._status, self._details = status, details
        self._trailers = [("rpc-id", "1"), ("error-code", PREFIX + suffix)] if suffix else []

    def code(self) -> grpc.StatusCode:
        return self._status

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> list[tuple[str, str]]:
        return self._trailers


INVALID = grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("suffix", "code"),
    [
        ("subscription.fetch.replayid.corrupted", POSITION_LOST),
        ("subscription.fetch.replayid.validation.failed", POSITION_LOST),
        ("service.auth.error", EXPIRED),
        ("service.unavailable", "bus_unavailable"),
        ("something.new", "bus_unavailable"),
    ],
)
def test_the_code_in_the_trailer_counts_more_than_the_status(suffix: str, code: str) -> None:
    found = failure(Ended(INVALID, suffix))
    assert (found.code, found.remedy) == (code, Remedy.RETRY)


@pytest.mark.parametrize(
    ("suffix", "mend"),
    [
        ("topic.not.found", "Change Data Capture"),
        ("subscription.topic.cannot.subscribe", "View All Users"),
        ("service.tenant.license", "license"),
        ("concurrent.client.limit.exceeded", "end some"),
    ],
)
def test_what_a_person_has_to_mend_is_tried_rarely(suffix: str, mend: str) -> None:
    found = failure(Ended(INVALID, suffix))
    assert (found.remedy, found.retry_after) == (Remedy.STOP_ORG, RARE_SECONDS)
    assert mend in found.message


def test_used_up_deliveries_are_no_persons_fault_and_waited_for() -> None:
    found = failure(Ended(grpc.StatusCode.RESOURCE_EXHAUSTED, "subscription.limit.exceeded"))
    assert (found.code, found.remedy) == ("delivery_limit", Remedy.RETRY)
    assert found.retry_after == RARE_SECONDS


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (grpc.StatusCode.UNAVAILABLE, "bus_unavailable"),
        (grpc.StatusCode.UNAUTHENTICATED, EXPIRED),
        (grpc.StatusCode.UNIMPLEMENTED, "no_bus"),
        (grpc.StatusCode.NOT_FOUND, "no_topic"),
        (grpc.StatusCode.UNKNOWN, "bus_unavailable"),
    ],
)
def test_without_a_code_the_status_counts(status: grpc.StatusCode, code: str) -> None:
    assert failure(Ended(status)).code == code


def test_what_the_bus_says_is_told_without_secrets() -> None:
    found = failure(Ended(INVALID, "service.auth.error", "token 00D000000000001!AQtopsecret bad"))
    assert "topsecret" not in found.message
