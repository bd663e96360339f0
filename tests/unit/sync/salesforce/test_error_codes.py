"""Every code of the fact sheet's table 4.2, with the remedy written down here a second time."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import Remedy
from sync.salesforce.error_codes import TABLE, classify_call, classify_item

RETRY, AGAIN, PARK, STOP = Remedy.RETRY, Remedy.DECIDE_AGAIN, Remedy.PARK, Remedy.STOP_ORG

# code: (of one record, of a call)
EXPECTED = {
    "INVALID_SESSION_ID": (STOP, STOP),
    "INVALID_AUTH_HEADER": (STOP, STOP),
    "REQUEST_LIMIT_EXCEEDED": (STOP, STOP),
    "UNABLE_TO_LOCK_ROW": (RETRY, RETRY),
    "SERVER_UNAVAILABLE": (RETRY, RETRY),
    "SERVICE_UNAVAILABLE": (RETRY, RETRY),
    "UNKNOWN_EXCEPTION": (RETRY, RETRY),
    "QUERY_TIMEOUT": (RETRY, RETRY),
    "QUERY_TOO_COMPLICATED": (STOP, STOP),
    "OPERATION_TOO_LARGE": (STOP, STOP),
    "INVALID_QUERY_LOCATOR": (RETRY, RETRY),
    "MALFORMED_QUERY": (STOP, STOP),
    "INVALID_FIELD": (STOP, STOP),
    "INVALID_TYPE": (STOP, STOP),
    "NOT_FOUND": (AGAIN, STOP),
    "INVALID_FIELD_FOR_INSERT_UPDATE": (STOP, STOP),
    "INSUFFICIENT_ACCESS_OR_READONLY": (PARK, STOP),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": (PARK, STOP),
    "INVALID_CROSS_REFERENCE_KEY": (AGAIN, STOP),
    "ENTITY_IS_DELETED": (AGAIN, STOP),
    "ENTITY_IS_LOCKED": (RETRY, RETRY),
    "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK": (AGAIN, AGAIN),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (PARK, STOP),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": (PARK, STOP),
    "CANNOT_EXECUTE_FLOW_TRIGGER": (PARK, STOP),
    "REQUIRED_FIELD_MISSING": (PARK, STOP),
    "STRING_TOO_LONG": (PARK, STOP),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (PARK, STOP),
    "FIELD_INTEGRITY_EXCEPTION": (PARK, STOP),
    "INVALID_EMAIL_ADDRESS": (PARK, STOP),
    "NUMBER_OUTSIDE_VALID_RANGE": (PARK, STOP),
    "DUPLICATE_VALUE": (PARK, STOP),
    "DUPLICATES_DETECTED": (PARK, STOP),
    "DUPLICATE_USERNAME": (PARK, STOP),
    "DUPLICATE_COMM_NICKNAME": (PARK, STOP),
    "LICENSE_LIMIT_EXCEEDED": (PARK, STOP),
    "INACTIVE_OWNER_OR_USER": (PARK, STOP),
    "MIXED_DML_OPERATION": (PARK, STOP),
    "STORAGE_LIMIT_EXCEEDED": (RETRY, RETRY),
    "LIMIT_EXCEEDED": (RETRY, RETRY),
    "EXCEEDED_ID_LIMIT": (RETRY, RETRY),
    "INVALID_REPLICATION_DATE": (RETRY, RETRY),
    "TXN_SECURITY_NO_ACCESS": (PARK, STOP),
    "TXN_SECURITY_METERING_ERROR": (RETRY, RETRY),
    "TXN_SECURITY_FAIL_CLOSE": (PARK, STOP),
    "TXN_SECURITY_RUNTIME_ERROR": (PARK, STOP),
    "TXN_SECURITY_APEX_ERROR": (PARK, STOP),
    "TXN_SECURITY_TWO_FA_REQUIRED": (PARK, STOP),
    "TXN_SECURITY_END_A_SESSION": (PARK, STOP),
    "API_DISABLED_FOR_ORG": (STOP, STOP),
    "API_CURRENTLY_DISABLED": (STOP, STOP),
    "FUNCTIONALITY_NOT_ENABLED": (STOP, STOP),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": (RETRY, RETRY),
    "PROCESSING_HALTED": (RETRY, RETRY),
    "BATCH_PROCESSING_HALTED": (RETRY, RETRY),
    "JSON_PARSER_ERROR": (PARK, STOP),
    "METHOD_NOT_ALLOWED": (PARK, STOP),
    "MALFORMED_ID": (PARK, STOP),
    "UNSUPPORTED_API_VERSION": (STOP, STOP),
    "TOO_MANY_APEX_REQUESTS": (RETRY, RETRY),
    "INSUFFICIENT_ACCESS": (PARK, STOP),
    "SOMETHING_NEW": (PARK, RETRY),
}


def test_the_table_holds_these_codes_and_no_others() -> None:
    assert TABLE.keys() == EXPECTED.keys() - {"SOMETHING_NEW"}


@pytest.mark.parametrize("code", EXPECTED)
def test_a_refused_record(code: str) -> None:
    """0.3 item 13: collections say statusCode."""
    item = {"statusCode": code, "message": "because", "fields": []}
    failure = classify_item([item])
    assert (failure.code, failure.remedy) == (code, EXPECTED[code][0])
    assert f"{code}: because" in failure.message


@pytest.mark.parametrize("code", EXPECTED)
def test_a_refused_call(code: str) -> None:
    """0.3 item 13: REST says errorCode. A call that is refused can always be tried again."""
    body = json.dumps([{"message": "because", "errorCode": code}])
    failure = classify_call(400, body.encode())
    assert (failure.code, failure.remedy) == (code, EXPECTED[code][1])
    if failure.remedy is STOP:
        assert failure.retry_after is not None
        assert failure.retry_after >= 60


@pytest.mark.parametrize("code", TABLE)
def test_each_sentence_says_what_is_wrong_and_what_to_do(code: str) -> None:
    sentence = TABLE[code].sentence
    wrong, mend = sentence.split("; ", 1)
    assert wrong[0].isupper()
    assert mend
    assert not sentence.endswith(".")


def test_the_two_meanings_of_request_limit_exceeded_are_told_apart() -> None:
    def failure_of(message: str) -> tuple[Remedy, float | None]:
        body = json.dumps([{"message": message, "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
        failure = classify_call(403, body.encode())
        return failure.remedy, failure.retry_after

    daily = failure_of("TotalRequests Limit exceeded.")
    concurrent = failure_of("ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
    assert daily == (STOP, 1800)
    assert concurrent == (RETRY, 5)


@pytest.mark.parametrize(
    "code", ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER"]
)
@pytest.mark.parametrize(
    "inside",
    ["UNABLE_TO_LOCK_ROW, unable to obtain exclusive access", "Apex CPU time limit exceeded"],
)
def test_what_passes_inside_of_an_automation_is_retried(code: str, inside: str) -> None:
    text = f"UserTrigger: execution of BeforeUpdate caused by: System.DmlException: {inside}"
    failure = classify_item([{"statusCode": code, "message": text}])
    assert failure.remedy is RETRY


def test_the_fields_of_an_error_are_named() -> None:
    failure = classify_item(
        [{"statusCode": "INVALID_FIELD", "message": "No", "fields": ["A__c", "B__c"]}]
    )
    assert "INVALID_FIELD: No [A__c, B__c]" in failure.message


def test_of_several_errors_the_one_that_needs_most_counts() -> None:
    codes = ["UNABLE_TO_LOCK_ROW", "FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    failure = classify_item([{"statusCode": code, "message": ""} for code in codes])
    assert failure.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"


@pytest.mark.parametrize(
    "errors", [None, [], {}, "x", [None], [{"message": "x"}], [{"errorCode": 7}]]
)
def test_a_refusal_without_a_reason_is_tried_again(errors: object) -> None:
    assert classify_item(errors).remedy is RETRY


@pytest.mark.parametrize(
    "body", [b"", b"<html>x</html>", b"[", b"{}", b"[[]]", b"\xff", b"[" * 100_000]
)
@pytest.mark.parametrize(
    ("status", "remedy"), [(503, RETRY), (502, RETRY), (429, RETRY), (404, STOP), (301, STOP)]
)
def test_a_body_without_errors_is_judged_by_its_status(
    status: int, remedy: Remedy, body: bytes
) -> None:
    failure = classify_call(status, body)
    assert (failure.code, failure.remedy) == (f"http_{status}", remedy)


@given(st.text(), st.text())
def test_other_peoples_text_is_bounded_and_holds_no_token(message: str, code: str) -> None:
    token = "00D5f000005mc66!AR8AQ.abc_DEF"
    failure = classify_item([{"statusCode": code + "X", "message": message * 50 + " " + token}])
    assert len(failure.message) < 700
    assert failure.message.isprintable()
    assert "AR8AQ" not in failure.message
