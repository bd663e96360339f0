"""What a client says of a job, in XML or JSON, and which of the two it wants to be answered in.

The answer for a job is in the language of the request, that for a batch in the job's own
(recorded, and what tap-salesforce and simple-salesforce read).
"""

from __future__ import annotations

import re
from typing import Any

from simulator.bulk.job import Kind
from simulator.bulk1.errors import refusal
from simulator.errors import ApiError
from simulator.org import Org
from simulator.rest.body import parse_json
from simulator.rest.call import Call
from simulator.xml_input import BadXml, local_name, parse_xml

OF_A_BATCH = re.compile(r"/services/async/[\w.]+/job/(\w+)/batch\b", re.IGNORECASE)
MODES = {"parallel": False, "serial": True, "0": False, "1": True}


def wants_json(org: Org, path: str, headers: dict[str, str]) -> bool:
    found = OF_A_BATCH.match(path)
    if found:
        try:
            return org.jobs.get(Kind.CLASSIC, found[1]).content_type == "JSON"
        except ApiError:
            pass
    return media_type(headers) == "application/json"


def media_type(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def read_order(call: Call) -> dict[str, Any]:
    """JSON where the request says so, else XML: the guide sends XML as text/csv, too."""
    raw = call.raw or b""
    if media_type(call.headers) == "application/json":
        found = parse_json(raw)
        if not isinstance(found, dict):
            raise refusal("InvalidJob", "Unable to parse Job")
        return found
    try:
        root = parse_xml(raw)
    except BadXml as error:
        raise refusal("InvalidXml", f"Unable to parse Job: {error}") from error
    return {local_name(child): (child.text or "").strip() for child in root}


def serial(order: dict[str, Any]) -> bool:
    """Numbers are what simple-salesforce sends."""
    found = str(order.get("concurrencyMode") or "Parallel").lower()
    if found not in MODES:
        raise refusal("InvalidJob", "concurrencyMode must be one of Parallel, Serial")
    return MODES[found]
