"""One row of an upload becomes one change of one record.

Values: an empty one is ignored, `#N/A` is null (documented). The form of an error is
documented as `CODE:message:FIELD --`; single codes are named where they are raised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.bulk.columns import Column
from simulator.bulk.job import Job
from simulator.clock import parse_iso
from simulator.database import Database
from simulator.errors import ApiError
from simulator.ids import to_18
from simulator.records import Author, Records
from simulator.schema.model import Field, SObject

NULL = "#N/A"
FLAGS = {"true": True, "1": True, "false": False, "0": False}
NUMBERS = {"double", "int", "currency", "percent"}
STAMPS = {"datetime"}


@dataclass(frozen=True)
class Done:
    """What became of a row that worked."""

    record_id: str
    created: bool


class Loader:
    """Carries out the rows of one job, all by the same author; one for each transaction."""

    def __init__(
        self,
        database: Database,
        records: Records,
        author: Author,
        job: Job,
        sobject: SObject,
        columns: list[Column],
    ) -> None:
        self._db = database
        self._records = records
        self._author = author
        self._job = job
        self._sobject = sobject
        self._columns = columns
        self._seen: set[str] = set()

    def load(self, values: list[str]) -> Done:
        """Does what the operation asks for, or raises the ApiError of this row."""
        body = self._body(values)
        record_id = body.pop("Id", None)
        match self._job.operation:
            case "insert":
                if record_id:
                    message = "cannot specify Id in an insert call"
                    raise ApiError(400, "INVALID_FIELD_FOR_INSERT_UPDATE", message, ["Id"])
                return self._create(body)
            case "update":
                return self._update(self._named(record_id, "update"), body)
            case "upsert":
                return self._upsert(record_id, body)
            case operation:
                return self._delete(self._named(record_id, operation), operation)

    def _body(self, values: list[str]) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for column, text in zip(self._columns, values, strict=True):
            if text == "":
                continue
            if column.parent and column.key and text != NULL:
                body[column.field.name] = self._parent(column.parent, column.key, text)
            else:
                body[column.field.name] = _value(column.field, text)
        return body

    def _parent(self, parent: SObject, key: Field, text: str) -> str:
        found = self._find(parent, key, text)
        if not found:
            message = (
                f"Foreign key external ID: {text} not found for field {key.name} in entity "
                f"{parent.name}"
            )
            raise ApiError(400, "INVALID_FIELD", message, [])
        if len(found) > 1:
            raise _several(key, found)
        return found[0]

    def _named(self, record_id: str | None, operation: str) -> str:
        if record_id is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"Id not specified in an {operation} call", [])
        return record_id

    def _create(self, body: dict[str, Any]) -> Done:
        return Done(self._records.create(self._author, self._sobject, body), created=True)

    def _update(self, record_id: str, body: dict[str, Any]) -> Done:
        row = self._row(record_id)
        self._records.update(self._author, self._sobject, row, body)
        return Done(row["Id"], created=False)

    def _upsert(self, record_id: str | None, body: dict[str, Any]) -> Done:
        key = self._sobject.field(self._job.external_id or "Id")
        if key is None or key.name == "Id":
            return self._update(record_id, body) if record_id else self._create(body)
        value = body.get(key.name)
        if value is None:
            raise ApiError(400, "MISSING_ARGUMENT", f"{key.name} not specified", [])
        if str(value).lower() in self._seen:
            message = f"Duplicate external id specified: {value}"
            raise ApiError(400, "DUPLICATE_VALUE", message, [key.name])
        self._seen.add(str(value).lower())
        found = self._find(self._sobject, key, str(value))
        if len(found) > 1:
            raise _several(key, found)
        del body[key.name]
        return self._update(found[0], body) if found else self._create({key.name: value, **body})

    def _delete(self, record_id: str, operation: str) -> Done:
        """A hard delete leaves nothing in the recycle bin."""
        if not self._sobject.deletable:
            message = "insufficient access rights on object id"
            raise ApiError(400, "INSUFFICIENT_ACCESS_OR_READONLY", message, [])
        row = self._row(record_id)
        self._records.delete(self._author, self._sobject, row)
        if operation == "hardDelete":
            self._db.execute(f"DELETE FROM {self._sobject.table} WHERE Id = ?", (row["Id"],))
        return Done(row["Id"], created=False)

    def _row(self, text: str) -> dict[str, Any]:
        """The stored row, with the codes that a record in a list gets (unlike a path)."""
        long = to_18(text)
        if long is None or long[:3] != self._sobject.prefix:
            message = f"{self._sobject.label} ID: id value of incorrect type: {text}"
            raise ApiError(400, "MALFORMED_ID", message, ["Id"])
        try:
            return self._records.get(self._sobject, long)
        except ApiError as error:
            if error.code != "NOT_FOUND":
                raise
            message = "invalid cross reference id"
            raise ApiError(400, "INVALID_CROSS_REFERENCE_KEY", message, []) from error

    def _find(self, sobject: SObject, key: Field, value: str) -> list[str]:
        """Ids of the living records with that value; two are as good as all."""
        if key.name == "Id":
            wanted: Any = to_18(value)
            collation = ""
        else:
            wanted, collation = value, " COLLATE NOCASE"
        alive = " AND IsDeleted = 0" if sobject.deletable else ""
        rows = self._db.execute(
            f'SELECT Id FROM {sobject.table} WHERE "{key.name}" = ?{collation}{alive} LIMIT 2',
            (wanted,),
        )
        return [str(row[0]) for row in rows]


def told(error: ApiError) -> str:
    """An error as a row of the failed results has it."""
    fields = ",".join(error.fields or ())
    return (
        f"{error.code}:{error.message}:{fields} --"
        if fields
        else (f"{error.code}:{error.message}:--")
    )


def untold(said: str) -> tuple[str, str, list[str]]:
    """Code, message and fields of such an error; only the message can have colons in it."""
    code, _, rest = said.partition(":")
    message, _, names = rest.rpartition(":")
    fields = names.removesuffix("--").strip()
    return code, message, fields.split(",") if fields else []


def _value(field: Field, text: str) -> Any:
    """What a JSON body would say for the same."""
    if text == NULL:
        if field.type == "boolean":
            raise _wrong_type(field, text)
        return None
    if field.type == "boolean":
        if text.lower() not in FLAGS:
            raise _wrong_type(field, text)
        return FLAGS[text.lower()]
    if field.type in NUMBERS:
        try:
            return float(text)
        except ValueError as error:
            raise _wrong_type(field, text) from error
    if field.type in STAMPS and parse_iso(text) is None:
        raise _wrong_type(field, text)
    return text


def _wrong_type(field: Field, text: str) -> ApiError:
    message = f"{field.label}: value not of required type: {text}"
    return ApiError(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])


def _several(key: Field, found: list[str]) -> ApiError:
    message = f"{key.label}: more than one record found for external id field: {found}"
    return ApiError(400, "DUPLICATE_EXTERNAL_ID", message.replace("'", ""), [key.name])
