"""Why an RPC ends: the code in the trailer, the gRPC status, the sentence.

Codes are documented; that INVALID_ARGUMENT belongs to bad replay ids, too, and that an org out of
order was seen to answer INTERNAL. All other statuses and most sentences are unconfirmed, and so is
`rpc-id` as the trailer's name.
"""

from __future__ import annotations

from grpc import StatusCode

PREFIX = "sfdc.platform.eventbus.grpc."
STATUSES = {
    "service.unavailable": StatusCode.INTERNAL,
    "service.auth": StatusCode.UNAUTHENTICATED,
    "service.protection": StatusCode.RESOURCE_EXHAUSTED,
    "service.tenant.license": StatusCode.PERMISSION_DENIED,
    "concurrent.client.limit.exceeded": StatusCode.RESOURCE_EXHAUSTED,
    "topic.not.found": StatusCode.NOT_FOUND,
    "topic.meta.permission": StatusCode.PERMISSION_DENIED,
    "schema.meta.permission": StatusCode.PERMISSION_DENIED,
    "topic.api.unavailable": StatusCode.UNAVAILABLE,
    "schema.api.unavailable": StatusCode.UNAVAILABLE,
    "subscription.limit.exceeded": StatusCode.RESOURCE_EXHAUSTED,
    "subscription.topic.cannot.subscribe": StatusCode.PERMISSION_DENIED,
    "subscription.internal.error": StatusCode.INTERNAL,
    "subscription": StatusCode.INVALID_ARGUMENT,
    "topic": StatusCode.INVALID_ARGUMENT,
    "schema": StatusCode.INVALID_ARGUMENT,
    "publish.stream.sweeper.timeout": StatusCode.DEADLINE_EXCEEDED,
    "publish": StatusCode.INVALID_ARGUMENT,
    "managed.subscription.already.active": StatusCode.ALREADY_EXISTS,
    "managed.subscription.developer.name.not.found": StatusCode.NOT_FOUND,
    "managed.subscription.subscription.id.not.found": StatusCode.NOT_FOUND,
    "managed.subscription": StatusCode.INVALID_ARGUMENT,
}
NAMED = {status.name: status for status in StatusCode}


class Refusal(Exception):
    """How an RPC ends; without a code the connection just breaks."""

    def __init__(self, code: str, message: str, status: StatusCode) -> None:
        super().__init__(f"{status.name}: {message} ({code})")
        self.code = code
        self.message = message
        self.status = status


def refusal(code: str, message: str = "", status: str | None = None) -> Refusal:
    """By the suffix of the code; the status is that of the longest beginning that is known."""
    if status is not None:
        return Refusal(code, message or code, NAMED[status])
    found = [name for name in STATUSES if code == name or code.startswith(f"{name}.")]
    most = STATUSES[max(found, key=len)] if found else StatusCode.UNKNOWN
    return Refusal(code, message or f"The call was refused: {code}.", most)


def broken() -> Refusal:
    """As when a load balancer gives up: documented as `UNAVAILABLE: RST_STREAM closed stream`."""
    return Refusal(
        "", "RST_STREAM closed stream. HTTP/2 error code: NO_ERROR", StatusCode.UNAVAILABLE
    )
