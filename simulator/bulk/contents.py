"""The records of a batch in JSON or XML, written as the CSV that all loading reads.

Bulk API 1.0 alone takes them. What the guide says: a field that is not there is not touched; null
is null, in XML by `xsi:nil`; a parent is an object with its key, and where a lookup has several
targets with its type, as `attributes.type` in JSON or `type` in XML. Unconfirmed: that an empty
text in JSON is null, as in REST, and in XML is ignored, as in CSV.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import orjson

from simulator.bulk.job import Job
from simulator.bulk.jobs import Jobs
from simulator.bulk.rows import NULL
from simulator.bulk.upload import BadUpload
from simulator.xml_input import BadXml, local_name, parse_xml

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
Record = dict[str, str]


def loadable(jobs: Jobs, job: Job) -> Path:
    """The CSV of a job's rows, or BadUpload."""
    if job.content_type == "CSV":
        return jobs.upload(job)
    path = jobs.converted(job)
    if not path.exists():
        raw = jobs.upload(job).read_bytes()
        records = json_records(raw) if job.content_type == "JSON" else xml_records(raw)
        path.write_text(_csv(records), "utf-8", newline="")
    return path


def json_records(raw: bytes) -> list[Record]:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadUpload(f"InvalidBatch : Failed to parse JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise BadUpload("InvalidBatch : Failed to parse JSON: an array of records is expected")
    return [dict(_from_json(item)) for item in found]


def xml_records(raw: bytes) -> list[Record]:
    try:
        root = parse_xml(raw)
    except BadXml as error:
        raise BadUpload(f"InvalidBatch : Failed to parse XML: {error}") from error
    if local_name(root) != "sObjects":
        raise BadUpload("InvalidBatch : Failed to parse XML: sObjects is expected")
    return [dict(_from_xml(record)) for record in root]


def _from_json(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in record.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            attributes = value.get("attributes")
            kind = attributes.get("type") if isinstance(attributes, dict) else None
            prefix = f"{kind}:{name}." if kind else f"{name}."
            yield from ((prefix + key, text) for key, text in _from_json(value))
        elif isinstance(value, list):
            raise BadUpload(f"InvalidBatch : Field value is an array : {name}")
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    if value is None or value == "":
        return NULL
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _from_xml(record: ET.Element) -> Iterator[tuple[str, str]]:
    """The record's own `type` is the job's object and says nothing new."""
    for field in record:
        name = local_name(field)
        if len(field):
            inside = field[0] if local_name(field[0]) == "sObject" else field
            kind = next((key.text for key in inside if local_name(key) == "type"), None)
            prefix = f"{kind}:{name}." if kind else f"{name}."
            yield from ((prefix + key, text) for key, text in _from_xml(inside))
        elif name != "type":
            yield name, NULL if field.get(NIL) == "true" else field.text or ""


def _csv(records: list[Record]) -> str:
    """A column for each name that any record has."""
    names = list(dict.fromkeys(name for record in records for name in record))
    written = io.StringIO(newline="")
    if names:
        rows = csv.DictWriter(written, names, "", lineterminator="\n", quoting=csv.QUOTE_ALL)
        rows.writeheader()
        rows.writerows(records)
    return written.getvalue()
