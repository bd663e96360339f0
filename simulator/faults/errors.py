"""Every error that a worker has to tell apart: status, where it appears, and its sentence.

Codes and enums: the Partner WSDL. Statuses are confirmed for 401, 403 of the request
limit, 404 NOT_FOUND, 412 and INVALID_TYPE; the others are the usual ones, unconfirmed.
Sentences are those of recorded answers and of the guides where these give one;
the rest are unconfirmed. `{id}`, `{field}` and `{object}` stand for what is hit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simulator.errors import ApiError, invalid_session


class Form(NamedTuple):
    status: int
    enums: str  # S: of a record (StatusCode), X: of a request (ExceptionCode)
    message: str


POLICY = "The operation you requested isn't allowed due to a security policy in your organization."
TRIGGER = (
    "LicenseTrigger: execution of BeforeUpdate\n\ncaused by: System.NullPointerException: "
    "Attempt to de-reference a null object\n\nTrigger.LicenseTrigger: line 7, column 1"
)
FLOW = (
    "We can't save this record because the “License Flow” process failed. Give your Salesforce "
    "admin these details. This error occurred: FIELD_CUSTOM_VALIDATION_EXCEPTION: No."
)
USERNAME = (
    "Duplicate Username. The username already exists in this or another Salesforce organization. "
    "Usernames must be unique across all Salesforce organizations."
)
NOT_EDITABLE = (
    "Unable to create/update fields: {field}. Please check the security settings of this field and "
    "verify that it is read/write for your profile or permission set."
)
MIXED = (
    "DML operation on setup object is not permitted after you have updated a non-setup object "
    "(or vice versa): {object}"
)
HALTED = "The transaction was rolled back since another operation in the same transaction failed."
ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using "
    "AllOrNone header"
)
TOTAL = "TotalRequests Limit exceeded."
CONCURRENT = "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
UNEXPECTED = (
    "An unexpected error occurred. Please include this ErrorId if you contact support: "
    "1577034186-5632 (-1339264612)"
)

FORMS: dict[str, Form] = {
    "INVALID_SESSION_ID": Form(401, "SX", "Session expired or invalid"),
    "INVALID_AUTH_HEADER": Form(401, "SX", "INVALID_HEADER_TYPE"),
    "REQUEST_LIMIT_EXCEEDED": Form(403, "X", TOTAL),
    "UNABLE_TO_LOCK_ROW": Form(
        400, "SX", "unable to obtain exclusive access to this record or 1 records: {id}"
    ),
    "SERVER_UNAVAILABLE": Form(503, "X", "The server is temporarily unavailable"),
    "SERVICE_UNAVAILABLE": Form(503, "S", "The service is temporarily unavailable"),
    "UNKNOWN_EXCEPTION": Form(500, "SX", UNEXPECTED),
    "QUERY_TIMEOUT": Form(400, "SX", "Your query request was running for too long."),
    "QUERY_TOO_COMPLICATED": Form(
        400, "X", "Query is either selecting too many fields or too complicated."
    ),
    "OPERATION_TOO_LARGE": Form(400, "X", "exceeded 100000 distinct ids"),
    "INVALID_QUERY_LOCATOR": Form(400, "SX", "invalid query locator"),
    "MALFORMED_QUERY": Form(400, "SX", "unexpected token: <EOF>"),
    "INVALID_FIELD": Form(400, "SX", "No such column '{field}' on sobject of type {object}"),
    "INVALID_TYPE": Form(400, "SX", "sObject type '{object}' is not supported."),
    "NOT_FOUND": Form(404, "S", "The requested resource does not exist"),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Form(400, "S", NOT_EDITABLE),
    "INSUFFICIENT_ACCESS_OR_READONLY": Form(403, "S", "insufficient access rights on object id"),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Form(
        403, "S", "insufficient access rights on cross-reference id: {id}"
    ),
    "INVALID_CROSS_REFERENCE_KEY": Form(404, "SX", "invalid cross reference id"),
    "ENTITY_IS_DELETED": Form(404, "S", "entity is deleted"),
    "ENTITY_IS_LOCKED": Form(400, "S", "the entity is locked for editing"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Form(400, "S", "A validation rule says no."),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Form(400, "S", TRIGGER),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Form(400, "S", FLOW),
    "REQUIRED_FIELD_MISSING": Form(400, "S", "Required fields are missing: [{field}]"),
    "STRING_TOO_LONG": Form(400, "S", "{field}: data value too large: xxx (max length=2)"),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Form(
        400, "S", "{field}: bad value for restricted picklist field: x"
    ),
    "FIELD_INTEGRITY_EXCEPTION": Form(400, "S", "field integrity exception: unknown ({field})"),
    "INVALID_EMAIL_ADDRESS": Form(400, "S", "{field}: invalid email address: x"),
    "NUMBER_OUTSIDE_VALID_RANGE": Form(
        400, "SX", "{field}: value outside of valid range on numeric field: 1.0E20"
    ),
    "DUPLICATE_VALUE": Form(
        400, "SX", "duplicate value found: {field} duplicates value on record with id: {id}"
    ),
    "DUPLICATES_DETECTED": Form(400, "S", "Use one of these records?"),
    "DUPLICATE_USERNAME": Form(400, "S", USERNAME),
    "DUPLICATE_COMM_NICKNAME": Form(
        400, "S", "Another user has already selected this nickname.<br>Please select another."
    ),
    "LICENSE_LIMIT_EXCEEDED": Form(400, "S", "License Limit Exceeded"),
    "INACTIVE_OWNER_OR_USER": Form(
        400, "SX", "operation performed with inactive user [{id}] as owner of {object}"
    ),
    "MIXED_DML_OPERATION": Form(400, "S", MIXED),
    "STORAGE_LIMIT_EXCEEDED": Form(403, "SX", "storage limit exceeded"),
    "LIMIT_EXCEEDED": Form(400, "SX", "Maximum number of jobs exceeded in the last 24 hours"),
    "EXCEEDED_ID_LIMIT": Form(400, "X", "too many ids returned; narrow the date range"),
    "INVALID_REPLICATION_DATE": Form(400, "X", "startDate must be before endDate"),
    "TXN_SECURITY_NO_ACCESS": Form(403, "SX", POLICY),
    "TXN_SECURITY_METERING_ERROR": Form(
        403, "SX", "The transaction security policy took too long to complete."
    ),
    "TXN_SECURITY_FAIL_CLOSE": Form(403, "SX", POLICY),
    "TXN_SECURITY_RUNTIME_ERROR": Form(403, "SX", POLICY),
    "TXN_SECURITY_APEX_ERROR": Form(403, "SX", POLICY),
    "TXN_SECURITY_TWO_FA_REQUIRED": Form(403, "SX", POLICY),
    "TXN_SECURITY_END_A_SESSION": Form(403, "SX", POLICY),
    "API_DISABLED_FOR_ORG": Form(403, "X", "The REST API is not enabled for this Organization."),
    "API_CURRENTLY_DISABLED": Form(403, "X", "The API is currently disabled."),
    "FUNCTIONALITY_NOT_ENABLED": Form(403, "SX", "This feature is not currently enabled."),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Form(400, "S", ROLLED_BACK),
    "PROCESSING_HALTED": Form(400, "S", HALTED),
    "BATCH_PROCESSING_HALTED": Form(412, "", "Batch processing halted per request"),
    "JSON_PARSER_ERROR": Form(400, "X", "Unexpected character at [line:1, column:1]"),
    "METHOD_NOT_ALLOWED": Form(
        405, "S", "HTTP Method 'DELETE' not allowed. Allowed are HEAD,GET,PATCH"
    ),
    "UNSUPPORTED_API_VERSION": Form(410, "X", "The requested API version is retired"),
    "TOO_MANY_APEX_REQUESTS": Form(503, "SX", "Too many concurrent Apex requests"),
    "INSUFFICIENT_ACCESS": Form(403, "SX", "Insufficient access to {object}"),
}
RECORD_CODES = frozenset(code for code, form in FORMS.items() if "S" in form.enums)


def made(
    code: str,
    *,
    status: int | None = None,
    message: str | None = None,
    record_id: str = "",
    fields: list[str] | None = None,
    sobject: str = "User",
) -> ApiError:
    """The error in its real form, or as ordered; a code that is in no table is a plain 400."""
    form = FORMS.get(code, Form(400, "S", "No."))
    field = fields[0] if fields else "Title"
    text = form.message.format(id=record_id, field=field, object=sobject)
    return ApiError(status or form.status, code, text if message is None else message, fields)


def row_lock(record_id: str) -> ApiError:
    return made("UNABLE_TO_LOCK_ROW", record_id=record_id, fields=[])


REFUSALS: dict[str, Callable[[], ApiError]] = {
    "expired_token": invalid_session,
    "daily_limit": lambda: made("REQUEST_LIMIT_EXCEEDED"),
    "concurrent_limit": lambda: made("REQUEST_LIMIT_EXCEEDED", message=CONCURRENT),
    "api_disabled": lambda: made("API_DISABLED_FOR_ORG"),
}
