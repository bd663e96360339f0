"""How a query's result stands in its file: CSV; for Bulk API 1.0 also JSON and XML.

A file is its head and its rows, each with the separator behind it; a page is cut out of that and
gets its tail. JSON and its datetimes, milliseconds since 1970, were recorded; so is CSV. XML: the
guide (Id twice, or as nil), and answers in the tests of clients. Unconfirmed: that dates in JSON
are milliseconds too, and an empty result in JSON and XML.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from xml.sax.saxutils import escape

from simulator.bulk.dialect import CSV, DELIMITERS, LINE_ENDINGS
from simulator.bulk.job import Job
from simulator.encoding import encode
from simulator.schema.model import Field
from simulator.soql.shapes import Record, RecordShape
from simulator.values import Converter

SPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?><queryResult xmlns="{SPACE}" xmlns:xsi="{XSI}">'
).encode()
NOTHING = b"Records not found for this query"  # the whole CSV: clients compare it


@dataclass(frozen=True)
class Form:
    media_type: str
    head: Callable[[Job, list[str]], bytes]
    rows: Callable[[Job, Iterable[Any]], list[bytes]]
    separator: bytes = b""
    tail: bytes = b""
    empty: bytes = b""
    value: Callable[[Field, Converter | None], Converter | None] | None = None

    @property
    def nested(self) -> bool:
        """Whether rows are records, whose values `value` converts, and no lists of texts."""
        return self.value is not None


def reshaped(form: Form, shape: RecordShape) -> RecordShape:
    """The same record with values as the form has them."""
    assert form.value is not None, "of nested forms alone"
    entries = []
    for name, column, convert in shape.entries:
        field = shape.sobject.field(name)
        entries.append((name, column, form.value(field, convert) if field else convert))
    parents = {name: reshaped(form, parent) for name, parent in shape.parents.items()}
    return replace(shape, entries=entries, parents=parents)


def _csv_rows(job: Job, rows: Iterable[list[Any]]) -> list[bytes]:
    """Each row as it stands in the file; every value is quoted (recorded)."""
    written: list[str] = []
    csv.writer(
        SimpleNamespace(write=written.append),
        delimiter=DELIMITERS[job.delimiter],
        lineterminator=LINE_ENDINGS[job.line_ending],
        quoting=csv.QUOTE_ALL,
    ).writerows(rows)
    return [line.encode() for line in written]


def _csv_head(job: Job, names: list[str]) -> bytes:
    return _csv_rows(job, [names])[0]


def _json_rows(_job: Job, records: Iterable[Record]) -> list[bytes]:
    return [encode(record, pretty=True) for record in records]


def _json_value(field: Field, convert: Converter | None) -> Converter | None:
    if field.type == "datetime":
        return lambda value: None if value is None else value * 1000
    if field.type == "date":
        return lambda value: None if value is None else _midnight(value) * 1000
    return convert


def _midnight(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def _xml_rows(_job: Job, records: Iterable[Record]) -> list[bytes]:
    return [_xml_record("records", record).encode() for record in records]


def _xml_record(name: str, record: Record) -> str:
    parts = [f"<type>{record['attributes']['type']}</type>", _xml_value("Id", record.get("Id"))]
    for key, value in record.items():
        if key != "attributes":
            parts.append(_xml_record(key, value) if _is_record(value) else _xml_value(key, value))
    return f'<{name} xsi:type="sObject">{"".join(parts)}</{name}>'


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and "attributes" in value


def _xml_value(name: str, value: Any) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<{name}>{escape(text)}</{name}>"


def _xml_type(field: Field, convert: Converter | None) -> Converter | None:
    if field.type == "datetime" and convert:
        return lambda value: None if value is None else convert(value).replace("+0000", "Z")
    return convert


FORMS = {
    "CSV": Form(CSV, _csv_head, _csv_rows, empty=NOTHING),
    "JSON": Form(
        "application/json",
        lambda _job, _names: b"[ ",
        _json_rows,
        separator=b", ",
        tail=b" ]",
        empty=b"[ ]",
        value=_json_value,
    ),
    "XML": Form(
        "application/xml",
        lambda _job, _names: XML_HEAD,
        _xml_rows,
        tail=b"</queryResult>",
        empty=XML_HEAD + b"</queryResult>",
        value=_xml_type,
    ),
}
