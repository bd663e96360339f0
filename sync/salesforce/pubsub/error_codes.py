"""Why the event bus refuses: from gRPC's status and Salesforce's code to what to do about it.

https://developer.salesforce.com/docs/platform/pub-sub-api/guide/handling-errors.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import grpc

from sync.errors import Failure, Remedy
from sync.ports.events import POSITION_LOST
from sync.salesforce.wording import plain

PREFIX = "sfdc.platform.eventbus.grpc."
TRAILER = "error-code"

EXPIRED = "session_expired"
"""The code of a refusal that a new login mends."""

RARE_SECONDS = 600.0
"""Between two tries of what a person has to mend, or what only time does."""


@dataclass(frozen=True, slots=True)
class _Rule:
    code: str
    sentence: str
    remedy: Remedy = Remedy.RETRY
    seconds: float | None = None


def _person(code: str, sentence: str) -> _Rule:
    return _Rule(code, sentence, Remedy.STOP_ORG, RARE_SECONDS)


_LOST = _Rule(POSITION_LOST, "Salesforce no longer knows the place in the stream.")
_LATER = _Rule("bus_unavailable", "The event bus is not there; it is tried again.")

_BY_SUFFIX = {
    "service.auth.error": _Rule(EXPIRED, "The event bus does not accept the session."),
    "service.auth.headers.invalid": _person(
        "bus_headers", "The event bus does not understand who asks: check LOGIN_URL."
    ),
    "service.tenant.license": _person(
        "bus_license", "The org has no license for the Pub/Sub API: ask Salesforce, or poll only."
    ),
    "service.unavailable": _LATER,
    "service.protection.triggered": _Rule(
        "bus_protection", "The event bus protects itself; it is tried again.", seconds=60.0
    ),
    "service.protection.stream.limit.triggered": _Rule(
        "bus_streams", "The event bus has too many streams; it is tried again.", seconds=60.0
    ),
    "concurrent.client.limit.exceeded": _person(
        "bus_clients", "Too many clients listen to this org: end some."
    ),
    "topic.not.found": _person(
        "no_topic",
        "There is no such topic: select the object in Setup under Change Data Capture "
        "(sfdx/ deploys that), or correct EVENTS_TOPIC",
    ),
    "topic.meta.permission": _person(
        "bus_permission", "The integration user may not read the topic: grant View All Users"
    ),
    "schema.meta.permission": _person(
        "bus_permission", "The integration user may not read the schema: grant View All Users"
    ),
    "subscription.topic.cannot.subscribe": _person(
        "bus_permission", "The integration user may not subscribe: grant View All Users"
    ),
    "subscription.limit.exceeded": _Rule(
        "delivery_limit",
        "The org's events of 24 hours are used up: until there are more, changes are polled for",
        seconds=RARE_SECONDS,
    ),
    "subscription.fetch.replayid.corrupted": _LOST,
    "subscription.fetch.replayid.validation.failed": _LOST,
    "managed.subscription.already.active": _LATER,
}

_BY_STATUS = {
    grpc.StatusCode.UNAUTHENTICATED: _BY_SUFFIX["service.auth.error"],
    grpc.StatusCode.PERMISSION_DENIED: _BY_SUFFIX["topic.meta.permission"],
    grpc.StatusCode.NOT_FOUND: _BY_SUFFIX["topic.not.found"],
    grpc.StatusCode.UNIMPLEMENTED: _person(
        "no_bus", "EVENTS_ENDPOINT is no event bus: correct it, as api.pubsub.salesforce.com:7443"
    ),
}


def failure(error: grpc.RpcError) -> Failure:
    """What a failed call or an ended stream means."""
    suffix, status, details = _suffix(error), error.code(), error.details() or ""
    rule = _BY_SUFFIX.get(suffix) or _BY_STATUS.get(status) or _LATER
    said = plain(f"{suffix or status.name}: {details}")
    return Failure(rule.code, f"{rule.sentence.rstrip('.')} ({said}).", rule.remedy, rule.seconds)


def _suffix(error: grpc.RpcError) -> str:
    """Salesforce's code without its prefix; "" if there is none."""
    trailers: Iterable[Any] = error.trailing_metadata() or ()
    for key, value in trailers:
        if key == TRAILER and isinstance(value, str):
            return value.removeprefix(PREFIX)
    return ""


def may_not_subscribe() -> Failure:
    """The topic is there, and not for us."""
    rule = _BY_SUFFIX["subscription.topic.cannot.subscribe"]
    return Failure(rule.code, f"{rule.sentence}.", rule.remedy, rule.seconds)
