"""Refusals: `exceptionCode` and `exceptionMessage`.

Codes: the guide, "Errors", and the enumeration in Salesforce's own Java client. Every refusal is
a 400 but that of a method (guide, "HTTP Status Codes"). What the shared parts of the simulator
refuse has REST's name; the names here are these. Unconfirmed: which code the request limits have.
"""

from __future__ import annotations

from simulator.bulk1.answers import element
from simulator.errors import ApiError
from simulator.rest.call import Answer

NAMES = {
    "INVALID_SESSION_ID": "InvalidSessionId",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "API_DISABLED_FOR_ORG": "FeatureNotEnabled",
    "FEATURENOTENABLED": "FeatureNotEnabled",
    "INVALIDJOB": "InvalidJob",
    "INVALIDJOBSTATE": "InvalidJobState",
    "INVALIDENTITY": "InvalidEntity",
    "CLIENTINPUTERROR": "ClientInputError",
    "UNSUPPORTED_API_VERSION": "InvalidVersion",
    "JSON_PARSER_ERROR": "ClientInputError",
    "METHOD_NOT_ALLOWED": "InvalidOperation",
    "URI_TOO_LONG": "InvalidUrl",
    "UNKNOWN_EXCEPTION": "Unknown",
}
KEPT = {405, 414, 431, 500, 503}  # statuses that are not turned into 400


def refusal(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


def invalid_session() -> ApiError:
    """Met by many clients, which look for the code and for the status."""
    return refusal("InvalidSessionId", "Invalid session id")


def told(error: ApiError, *, as_json: bool) -> Answer:
    code = NAMES.get(error.code, error.code)
    message = error.message.removeprefix(f"{code} : ")
    if code == "InvalidSessionId":
        message = invalid_session().message
    fields = {"exceptionCode": code, "exceptionMessage": message}
    return element(
        "error", fields, as_json=as_json, status=error.status if error.status in KEPT else 400
    )
