"""UserWriter over the REST API. Nothing counts as written that Salesforce has not said it wrote.

Results are matched by position and by id. A call whose answer did not come, or does not fit, is
UNKNOWN for all of its records: only reading tells.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sync.errors import CallFailed, Failure
from sync.ports.salesforce import RecordWrite, WriteResult, Written
from sync.salesforce.client import Client, as_list, odd_answer
from sync.salesforce.error_codes import classify_item
from sync.salesforce.fields import Layout, Records
from sync.salesforce.ids import to_18

WRITE_LIMIT = 200
"""https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_update.htm"""

CONDITIONAL_LIMIT = 25
"""https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm"""

_MOVED_CODE = "ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE_CHECK"


class SalesforceWriter:
    """Writes user records of one org by one layout."""

    write_limit = WRITE_LIMIT
    conditional_limit = CONDITIONAL_LIMIT

    def __init__(self, client: Client, layout: Layout) -> None:
        self._client = client
        self._object = layout.object
        self._records = Records(layout)

    def write(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        """Write owned fields, unconditionally; one call.

        ValueError for what must not go out like this: requested flags, a condition, an empty
        write, a user twice, too many.
        """
        if any(write.requested or write.unless_modified_since for write in writes):
            raise ValueError("requested flags and conditions need a conditional write")
        ids = _checked(writes, self.write_limit)
        if not ids:
            return []
        records = [
            {"attributes": {"type": self._object}, "id": user_id, **self._records.body(write)}
            for user_id, write in zip(ids, writes, strict=True)
        ]
        body = {"allOrNone": False, "records": records}
        try:
            answer = self._client.send("PATCH", "composite/sobjects", body)
            items = as_list(answer.body, len(ids), maybe_arrived=True)
            return [_collected(*pair) for pair in zip(ids, items, strict=True)]
        except CallFailed as error:
            return _unknown(ids, error)

    def write_if_unmodified(self, writes: Sequence[RecordWrite]) -> list[WriteResult]:
        """Write each record only if it is as old as its `unless_modified_since` says; one call.

        The header is blind within a second
        (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/intro_rest_conditional_requests.htm):
        the caller lets two seconds pass after a record's last change. ValueError as for `write`,
        and for a write without the condition.
        """
        ids = _checked(writes, self.conditional_limit)
        if not ids:
            return []
        parts = [self._part(*pair) for pair in zip(ids, writes, strict=True)]
        body = {"allOrNone": False, "compositeRequest": parts}
        try:
            answer = self._client.send("POST", "composite", body)
            whole = answer.body if isinstance(answer.body, dict) else {}
            items = as_list(whole.get("compositeResponse"), len(ids), maybe_arrived=True)
            return [_composed(*pair) for pair in zip(ids, items, strict=True)]
        except CallFailed as error:
            return _unknown(ids, error)

    def _part(self, user_id: str, write: RecordWrite) -> dict[str, Any]:
        if write.unless_modified_since is None:
            raise ValueError("a conditional write needs to say when the record was modified")
        return {
            "method": "PATCH",
            "url": f"{self._client.data_path}/sobjects/{self._object}/{user_id}",
            "referenceId": user_id,
            "httpHeaders": {"If-Unmodified-Since": http_date(write.unless_modified_since)},
            "body": self._records.body(write),
        }


def http_date(moment: datetime) -> str:
    """A time as an HTTP header has it, in GMT and whole seconds; ValueError without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone cannot be compared with Salesforce's")
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _checked(writes: Sequence[RecordWrite], limit: int) -> list[str]:
    ids = [to_18(write.user_id) for write in writes]
    if len(ids) > limit:
        raise ValueError(f"{len(ids)} records, at most {limit} can be written at once")
    if len(set(ids)) != len(ids):
        raise ValueError("a user is to be written twice in one call")
    if any(write.is_empty for write in writes):
        raise ValueError("a write has nothing to write")
    return ids


def _collected(user_id: str, item: object) -> WriteResult:
    """A result of sObject Collections; a success names its record, a failure does not."""
    if not isinstance(item, dict) or not isinstance(item.get("success"), bool):
        raise odd_answer("a result is missing", maybe_arrived=True)
    if item["success"]:
        if not _is(item.get("id"), user_id):
            raise odd_answer("a result is another record's", maybe_arrived=True)
        return WriteResult(user_id, Written.DONE)
    if item.get("id") is not None and not _is(item["id"], user_id):
        raise odd_answer("a result is another record's", maybe_arrived=True)
    return WriteResult(user_id, Written.REFUSED, classify_item(item.get("errors")))


def _composed(user_id: str, item: object) -> WriteResult:
    """A result of Composite: an HTTP status of its own, under the reference we gave."""
    if not isinstance(item, dict) or item.get("referenceId") != user_id:
        raise odd_answer("a result is another record's", maybe_arrived=True)
    status = item.get("httpStatusCode")
    if type(status) is not int:
        raise odd_answer("a result has no status", maybe_arrived=True)
    if status == 204:
        return WriteResult(user_id, Written.DONE)
    failure = classify_item(item.get("body"))
    if status == 412 or failure.code == _MOVED_CODE:
        return WriteResult(user_id, Written.MOVED)
    refused = 400 <= status < 500
    return WriteResult(user_id, Written.REFUSED if refused else Written.UNKNOWN, failure)


def _is(found: object, user_id: str) -> bool:
    try:
        return isinstance(found, str) and to_18(found) == user_id
    except ValueError:
        return False


def _unknown(ids: Sequence[str], error: CallFailed) -> list[WriteResult]:
    """UNKNOWN for all, if the call may have arrived; otherwise the failure goes on."""
    if not error.maybe_arrived:
        raise error
    failure: Failure = error.failure
    return [WriteResult(user_id, Written.UNKNOWN, failure) for user_id in ids]
