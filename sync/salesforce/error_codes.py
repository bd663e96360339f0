"""Salesforce's error codes: what each means for us, and what the program does about it.

The one place for this. `TABLE` is data; the two functions read an error answer with it. The codes
are from the StatusCode and ExceptionCode enums of the Partner WSDL
(https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sync.errors import Failure, Remedy
from sync.salesforce.wording import plain


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do about a code: for one record of a call, and for a call as a whole.

    `retry_after` is in seconds. `sentence` says what is wrong, and after the semicolon the mend.
    """

    record: Remedy
    call: Remedy
    sentence: str
    retry_after: float | None = None


def _retry(sentence: str, after: float) -> Rule:
    return Rule(Remedy.RETRY, Remedy.RETRY, sentence, after)


LOOK_AGAIN_SECONDS = 60.0
"""When an org is looked at again where a person has to mend something: a call a minute."""


def _stop(sentence: str, after: float = LOOK_AGAIN_SECONDS) -> Rule:
    return Rule(Remedy.STOP_ORG, Remedy.STOP_ORG, sentence, after)


def _park(sentence: str) -> Rule:
    return Rule(Remedy.PARK, Remedy.STOP_ORG, sentence, LOOK_AGAIN_SECONDS)


def _gone(sentence: str) -> Rule:
    return Rule(Remedy.DECIDE_AGAIN, Remedy.STOP_ORG, sentence, LOOK_AGAIN_SECONDS)


_BUG = "it is a fault of license-sync or of its layout: report it with this text"
_GRANT = "assign the permission set License Sync Integration to the integration user"
_DATA = "correct the record or the field's definition"

_POLICY = (
    "A transaction security policy of the org refused the call; exempt the integration user from it"
)
_POLICY_CODES = (
    "TXN_SECURITY_NO_ACCESS",
    "TXN_SECURITY_FAIL_CLOSE",
    "TXN_SECURITY_RUNTIME_ERROR",
    "TXN_SECURITY_APEX_ERROR",
    "TXN_SECURITY_TWO_FA_REQUIRED",
    "TXN_SECURITY_END_A_SESSION",
)

DAILY_LIMIT = _stop(
    "The org has used up its API calls of the last 24 hours; license-sync waits", 1800
)
CONCURRENT_LIMIT = _retry("Too many long calls run in the org at once; license-sync waits", 5)

TABLE: Mapping[str, Rule] = {
    # the session and the org as a whole
    "INVALID_SESSION_ID": _stop(
        "Salesforce does not accept a session it has just given; check the app's policies and the"
        " integration user's IP ranges",
        60,
    ),
    "INVALID_AUTH_HEADER": _stop(f"Salesforce cannot read the Authorization header; {_BUG}", 60),
    "REQUEST_LIMIT_EXCEEDED": DAILY_LIMIT,
    "LIMIT_EXCEEDED": _retry("The org has used up a quota; license-sync waits", 900),
    "API_DISABLED_FOR_ORG": _stop(
        "The org or the integration user has no API access; use an edition with API access and"
        f" {_GRANT}"
    ),
    "API_CURRENTLY_DISABLED": _stop("The org's API is switched off just now; license-sync waits"),
    "FUNCTIONALITY_NOT_ENABLED": _stop("The org lacks a feature; have it enabled"),
    "INSUFFICIENT_ACCESS": _park(f"The integration user may not do this; {_GRANT}"),
    "UNSUPPORTED_API_VERSION": _stop(
        "Salesforce has retired this API version; raise API_VERSION or update license-sync"
    ),
    # transient
    "UNABLE_TO_LOCK_ROW": _retry("Somebody else is changing this record; it is tried again", 5),
    "SERVER_UNAVAILABLE": _retry("Salesforce is down or overloaded; it is tried again", 60),
    "SERVICE_UNAVAILABLE": _retry("Salesforce is down or overloaded; it is tried again", 60),
    "UNKNOWN_EXCEPTION": _retry(
        "Salesforce had an internal error; if it stays, give the error id to Salesforce support", 30
    ),
    "TOO_MANY_APEX_REQUESTS": _retry("The org runs too much Apex; it is tried again", 30),
    "TXN_SECURITY_METERING_ERROR": _retry(
        "A transaction security policy took too long; it is tried again", 30
    ),
    "QUERY_TIMEOUT": _retry("Salesforce took too long over a query; it is tried again", 60),
    "INVALID_QUERY_LOCATOR": _retry("A query's cursor has expired; the query is started again", 1),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": _retry(
        "Another record of the call failed; this one is sent again", 1
    ),
    "PROCESSING_HALTED": _retry("Another part of the call failed; this one is sent again", 1),
    "BATCH_PROCESSING_HALTED": _retry("Another part of the call failed; this one is sent again", 1),
    "EXCEEDED_ID_LIMIT": _retry("Too many records changed at once; a smaller window is asked", 60),
    "INVALID_REPLICATION_DATE": _retry(
        "Salesforce refused a window of time; a new one is asked", 60
    ),
    "ENTITY_IS_LOCKED": _retry(
        "The record is locked, by an approval for instance; unlock it or wait", 3600
    ),
    "STORAGE_LIMIT_EXCEEDED": _retry("The org's data storage is full; free some", 3600),
    # the org and the layout do not fit
    "INVALID_FIELD": _stop(f"A field of the layout is missing or hidden; deploy it, then {_GRANT}"),
    "INVALID_TYPE": _stop(f"The layout's object is missing or hidden; deploy it, then {_GRANT}"),
    "INVALID_FIELD_FOR_INSERT_UPDATE": _stop(
        f"A field of the layout is read-only for the integration user; {_GRANT}"
    ),
    "MALFORMED_QUERY": _stop(
        "Salesforce cannot read a query; check `scope` in the layout, otherwise report it"
    ),
    "QUERY_TOO_COMPLICATED": _stop(
        "Salesforce finds a query too complicated; simplify `scope` in the layout"
    ),
    "OPERATION_TOO_LARGE": _stop(
        "A query touches too many rows; give the integration user View All Users or narrow `scope`"
        " in the layout"
    ),
    # our faults
    "JSON_PARSER_ERROR": _park(f"Salesforce cannot read what was sent; {_BUG}"),
    "METHOD_NOT_ALLOWED": _park(f"Salesforce does not allow this call on this object; {_BUG}"),
    "MALFORMED_ID": _park(f"Salesforce does not take this id; {_BUG}"),
    # the record is not there
    "NOT_FOUND": _gone(
        "Salesforce knows no such record or address; check the layout's object and API_VERSION"
    ),
    "INVALID_CROSS_REFERENCE_KEY": _gone(
        "The record does not exist, or the integration user cannot see it; it is read again"
    ),
    "ENTITY_IS_DELETED": _gone("The record was deleted; it is read again"),
    "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK": Rule(
        Remedy.DECIDE_AGAIN,
        Remedy.DECIDE_AGAIN,
        "The record was changed since it was read; it is read again",
    ),
    # the record cannot be written as it is
    "INSUFFICIENT_ACCESS_OR_READONLY": _park(f"The integration user may not edit it; {_GRANT}"),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": _park(
        f"The integration user has no access to a record that this one refers to; {_GRANT}"
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": _park(
        "A validation rule of the org refuses the change; correct the record or the rule"
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": _park(
        "An Apex trigger of the org refuses the change; correct the record or the trigger"
    ),
    "CANNOT_EXECUTE_FLOW_TRIGGER": _park(
        "A flow of the org failed on the change; correct the record or the flow"
    ),
    "REQUIRED_FIELD_MISSING": _park(f"A field that the org requires is empty; {_DATA}"),
    "STRING_TOO_LONG": _park(f"A text is too long for its field; {_DATA}"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": _park(f"A picklist lacks a value; {_DATA}"),
    "FIELD_INTEGRITY_EXCEPTION": _park(f"A field holds what it may not hold; {_DATA}"),
    "INVALID_EMAIL_ADDRESS": _park(f"A mail address is not valid; {_DATA}"),
    "NUMBER_OUTSIDE_VALID_RANGE": _park(f"A number is out of range; {_DATA}"),
    "DUPLICATE_VALUE": _park(f"Another record has the same value in a unique field; {_DATA}"),
    "DUPLICATES_DETECTED": _park("A duplicate rule of the org refuses the change; correct it"),
    "DUPLICATE_USERNAME": _park(f"Another user has this username; {_DATA}"),
    "DUPLICATE_COMM_NICKNAME": _park(f"Another user has this nickname; {_DATA}"),
    "LICENSE_LIMIT_EXCEEDED": _park("The org has no free user license; free or buy one"),
    "INACTIVE_OWNER_OR_USER": _park("An inactive user stands in the way; reactivate or replace it"),
    "MIXED_DML_OPERATION": _park(
        "An automation of the org changes setup and other records at once; correct the automation"
    ),
    **{code: _park(_POLICY) for code in _POLICY_CODES},
}

_WRAPPERS = frozenset({"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"})
_TRANSIENT_INSIDE = ("UNABLE_TO_LOCK_ROW", "CPU time limit exceeded")

_UNKNOWN = Rule(
    Remedy.PARK, Remedy.RETRY, "Salesforce refused it for a reason license-sync does not know", 60
)
_SEVERITY = (Remedy.RETRY, Remedy.DECIDE_AGAIN, Remedy.PARK, Remedy.STOP_ORG)


@dataclass(frozen=True, slots=True)
class _Error:
    code: str
    detail: str


def classify_call(status: int, body: bytes) -> Failure:
    """What to do about an answer that refuses a call as a whole: its HTTP status and body."""
    try:
        errors = list(_errors(json.loads(body)))
    except (ValueError, RecursionError):
        errors = []
    if not errors:
        return _by_status(status)
    return _worst([_failure(e, _rule(e), _rule(e).call) for e in errors])


def classify_item(errors: object) -> Failure:
    """What to do about one refused record: `errors` of a collections item, a composite body."""
    found = list(_errors(errors))
    if not found:
        return Failure(
            "unexplained", "Salesforce refused the record without a reason.", Remedy.RETRY
        )
    return _worst([_failure(e, _rule(e), _rule(e).record) for e in found])


def _errors(body: object) -> Iterator[_Error]:
    """The errors of any of the shapes that carry some; nothing for anything else."""
    for item in body if isinstance(body, list) else [body]:
        if not isinstance(item, dict):
            continue
        code = item.get("errorCode") or item.get("statusCode")
        if isinstance(code, str) and code:
            fields = item.get("fields")
            names = ", ".join(map(str, fields)) if isinstance(fields, list) else ""
            text = f"{item.get('message') or ''}" + (f" [{names}]" if names else "")
            yield _Error(plain(code, limit=80), plain(text))


def _rule(error: _Error) -> Rule:
    if error.code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in error.detail.lower():
        return CONCURRENT_LIMIT
    if error.code in _WRAPPERS and any(t in error.detail for t in _TRANSIENT_INSIDE):
        return TABLE["UNABLE_TO_LOCK_ROW"]
    return TABLE.get(error.code, _UNKNOWN)


def _failure(error: _Error, rule: Rule, remedy: Remedy) -> Failure:
    said = f"{error.code}: {error.detail}" if error.detail else error.code
    after = None if remedy in (Remedy.PARK, Remedy.DECIDE_AGAIN) else rule.retry_after
    return Failure(error.code, f"{rule.sentence} (Salesforce says {said}).", remedy, after)


def _worst(failures: list[Failure]) -> Failure:
    return max(failures, key=lambda failure: _SEVERITY.index(failure.remedy))


def _by_status(status: int) -> Failure:
    """A refusal without one of Salesforce's errors: an edge server's page, or another host."""
    code = f"http_{status}"
    if status >= 500 or status in (406, 408, 429):
        return Failure(
            code,
            f"Salesforce is down or overloaded (HTTP {status}); it is tried again.",
            Remedy.RETRY,
            15,
        )
    return Failure(
        code,
        f"The host does not answer like Salesforce (HTTP {status}); check LOGIN_URL and"
        " API_VERSION.",
        Remedy.STOP_ORG,
        60,
    )
