"""UserReader over the REST API. A page is whole and fits its question, or it is a failure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sync.errors import CallFailed
from sync.model import UserRecord
from sync.ports.salesforce import Page, Position, Reading
from sync.salesforce import soql
from sync.salesforce.client import Answer, Client, as_list, odd_answer
from sync.salesforce.fields import (
    DELETED,
    ID,
    MODSTAMP,
    Layout,
    OddRow,
    Records,
    Row,
    moment,
    row_id,
)
from sync.salesforce.ids import to_18

READ_LIMIT = 2000
"""https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_retrieve.htm"""

IDS_IN_A_URI = 400
"""An id takes up to 28 bytes of a URI, which may have 16,384 with all headers."""

COVERED_WINDOW = timedelta(minutes=15)
"""What getUpdated is asked about: longer than the ten minutes a transaction may take."""


class SalesforceReader:
    """Reads user records of one org by one layout."""

    read_limit = READ_LIMIT

    def __init__(self, client: Client, layout: Layout) -> None:
        self._client = client
        self._layout = layout
        self._records = Records(layout)
        self._knows_deleted = True

    def read(self, user_ids: Sequence[str]) -> Reading:
        """Read these users as they are now; at most `read_limit` of them, one call.

        Ids of 15 characters come back as 18. ValueError for too many, or for what is no id.
        """
        wanted = list(dict.fromkeys(map(to_18, user_ids)))
        if len(wanted) > self.read_limit:
            raise ValueError(f"{len(wanted)} ids, at most {self.read_limit} can be read at once")
        ours = [one for one in wanted if one.startswith(self._layout.key_prefix or "")]
        if not ours:
            return Reading({}, frozenset(wanted), self.server_time())
        path = f"composite/sobjects/{self._layout.object}"
        answer = self._client.ask(path, {"ids": ours, "fields": list(self._layout.read)})
        rows = as_list(answer.body, len(ours))
        found, outside = self._ours(ours, rows)
        records = {record.user_id: record for record in self._checked(found)}
        unreadable = frozenset(wanted) - records.keys() - outside
        return Reading(records, unreadable, answer.server_time, outside)

    def _ours(self, ids: Sequence[str], rows: Sequence[Any]) -> tuple[list[Row], frozenset[str]]:
        """The rows that are in scope, and the ids of those that are not; whoever shows neither is
        unreadable.
        """
        found: list[Row] = []
        outside: set[str] = set()
        for asked, row in zip(ids, rows, strict=True):
            if row is None:
                continue
            if _id_of(row) != asked:
                raise odd_answer("a record stands in another's place")
            is_ours = self._records.is_ours(row)
            if is_ours:
                found.append(row)
            elif is_ours is False:
                outside.add(asked)
        return found, frozenset(outside)

    def find(self, username: str) -> str | None:
        """The id of the user in scope with this username (SOQL compares without case)."""
        named = f"{soql.name(self._layout.username)} = {soql.string(username)}"
        records = self._page([named], (ID,), 2).records
        return records[0].user_id if len(records) == 1 else None

    def gone(self, user_ids: Sequence[str]) -> frozenset[str]:
        """Which of these ids are deleted according to queryAll.

        User has no IsDeleted, since no user can be deleted: of such an object none is ever gone.
        """
        wanted = list(dict.fromkeys(map(to_18, user_ids)))
        gone: set[str] = set()
        for first in range(0, len(wanted), IDS_IN_A_URI):
            if not self._knows_deleted:
                break
            gone |= self._deleted_of(wanted[first : first + IDS_IN_A_URI])
        return frozenset(gone)

    def changed_since(self, position: Position, limit: int) -> Page:
        """Up to `limit` users in scope that come after `position`, by (SystemModstamp, Id)."""
        after = soql.comes_after(position.modstamp, position.user_id)
        page = self._page([after], (MODSTAMP, ID), limit)
        stamps = [position.modstamp.replace(microsecond=0), *(r.modstamp for r in page.records)]
        if any(later < earlier for earlier, later in pairwise(stamps)):
            raise odd_answer("its rows are not in the order that was asked for")
        return page

    def everyone(self, after_id: str, limit: int) -> Page:
        """Up to `limit` users in scope with an id greater than `after_id` ("" = the first)."""
        after = [f"{ID} > {soql.record_id(after_id)}"] if after_id else []
        return self._page(after, (ID,), limit)

    def covered_until(self) -> datetime:
        """Salesforce's latestDateCovered: no change stamped earlier will become visible later.

        getUpdated ignores the seconds of its bounds, so that they are whole minutes here; they are
        counted back from the server's clock. https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_getupdated.htm
        """
        end = self.server_time().replace(second=0, microsecond=0)
        bounds = {"start": end - COVERED_WINDOW, "end": end}
        params = {name: at.strftime("%Y-%m-%dT%H:%M:%S+00:00") for name, at in bounds.items()}
        answer = self._client.get(f"sobjects/{self._layout.object}/updated/", params)
        try:
            covered = moment(_object(answer.body).get("latestDateCovered"))
        except OddRow as error:
            raise odd_answer(str(error)) from None
        if covered > end:
            raise odd_answer("it covers more than it was asked about")
        return covered

    def server_time(self) -> datetime:
        """The server's clock, from the Date header of a call that counts against no limit."""
        return self._client.versions().server_time

    def _page(self, conditions: list[str], order: Sequence[str], limit: int) -> Page:
        if limit < 1:
            raise ValueError("a page holds at least one row")
        scope = [soql.has_value(field, values) for field, values in self._layout.scope.items()]
        where = [*scope, *conditions]
        query = soql.select(self._layout.read, self._layout.object, where, order, limit)
        rows, server_time = self._whole(self._client.query(query))
        if len(rows) > limit:
            raise odd_answer("it has more rows than were asked for")
        return Page(self._checked(rows), last=len(rows) < limit, server_time=server_time)

    def _deleted_of(self, ids: Sequence[str]) -> set[str]:
        query = soql.select((ID, DELETED), self._layout.object, [soql.one_of(ID, ids)])
        try:
            rows, _ = self._whole(self._client.query(query, with_deleted=True))
        except CallFailed as error:
            if error.failure.code != "INVALID_FIELD" or DELETED not in error.failure.message:
                raise
            self._knows_deleted = False
            return set()
        deleted = {row_id(row) for row in _rows(rows) if row.get(DELETED) is True}
        if not deleted <= set(ids):
            raise odd_answer("it is about records that were not asked for")
        return deleted

    def _whole(self, answer: Answer) -> tuple[list[Any], datetime]:
        """All rows of a query, whose first page is `answer`, and the time of that page.

        Salesforce decides how many rows it gives at a time, whatever the LIMIT
        (https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_queryoptions.htm).
        """
        first = answer.server_time
        rows: list[Any] = []
        while True:
            page = _object(answer.body)
            total, more, done = (page.get(key) for key in ("totalSize", "records", "done"))
            if not isinstance(more, list) or type(total) is not int or type(done) is not bool:
                raise odd_answer("parts of a query's answer are missing")
            rows += more
            if done:
                break
            next_url = page.get("nextRecordsUrl")
            if not isinstance(next_url, str) or not next_url.startswith("/") or not more:
                raise odd_answer("it is not whole and does not say where it goes on")
            answer = self._client.query_more(next_url)
        if len(rows) != total:
            raise odd_answer(f"it has {len(rows)} rows and claims {total}")
        return rows, first

    def _checked(self, rows: Sequence[Any]) -> tuple[UserRecord, ...]:
        try:
            records = tuple(self._records.record(row) for row in rows)
        except OddRow as error:
            raise odd_answer(str(error)) from None
        if len({record.user_id for record in records}) != len(records):
            raise odd_answer("it has a record twice")
        return records


def _object(body: object) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise odd_answer("it is no JSON object")
    return body


def _rows(rows: Sequence[Any]) -> Iterator[Row]:
    for row in rows:
        if not isinstance(row, dict):
            raise odd_answer("a row is no object")
        yield row


def _id_of(row: object) -> str:
    try:
        return row_id(row)
    except OddRow as error:
        raise odd_answer(str(error)) from None
