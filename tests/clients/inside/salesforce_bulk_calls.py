"""Runs in salesforce-bulk's environment: carries out the flow that the first argument names.

In: {"url", "token", "ids", …}; or the name, password and security token of a login. Out: what came
back, as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import unicodecsv
from salesforce_bulk import BulkApiError, CsvDictsAdapter, SalesforceBulk
from salesforce_bulk.util import IteratorBytesIO

Order = dict[str, Any]
WAIT = 0.05


def connect(order: Order) -> SalesforceBulk:
    host = urlsplit(order["url"]).netloc
    return SalesforceBulk(sessionId=order["token"], host=host, API_version="59.0")


def load(order: Order) -> Any:
    """Three batches in a row, in CSV; the last record of each kind fails."""
    bulk = connect(order)
    job = bulk.create_insert_job("Account", contentType="CSV", concurrency="Serial")
    batches = []
    for number in range(3):
        rows = [{"Name": f"Älpha {number}.{row}"} for row in range(order["rows"])]
        rows.append({"Name": ""})
        batches.append(bulk.post_batch(job, CsvDictsAdapter(iter(rows))))
    bulk.close_job(job)
    for batch in batches:
        bulk.wait_for_batch(job, batch, timeout=60, sleep_interval=WAIT)
    results = [bulk.get_batch_results(batch, job) for batch in batches]
    return {
        "status": bulk.job_status(job),
        "results": [[row._asdict() for row in batch] for batch in results],
    }


def formats(order: Order) -> Any:
    """The same update in JSON and in XML, and the results as the client reads them."""
    bulk, found = connect(order), {}
    one, two = order["ids"]
    space = bulk.jobNS
    records = [{"Id": one, "Title": "json"}, {"Id": two, "Title": "x" * 200}]
    inside = "".join(
        f"<sObject><Id>{r['Id']}</Id><Title>{r['Title'].replace('json', 'xml')}</Title></sObject>"
        for r in records
    )
    contents = {
        "JSON": json.dumps(records).encode(),
        "XML": f'<sObjects xmlns="{space}">{inside}</sObjects>'.encode(),
    }
    for kind, content in contents.items():
        job = bulk.create_update_job("User", contentType=kind)
        batch = bulk.post_batch(job, content)
        bulk.wait_for_batch(job, batch, timeout=60, sleep_interval=WAIT)
        found[kind] = [row._asdict() for row in bulk.get_batch_results(batch, job)]
        bulk.close_job(job)
    return found


def queries(order: Order) -> Any:
    bulk = connect(order)
    soql = "SELECT Id, Name, CreatedDate FROM User"
    job = bulk.create_query_job("User", contentType="CSV")
    batch = bulk.query(job, soql)
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch, timeout=60, sleep_interval=WAIT)
    rows = []
    for result in bulk.get_all_results_for_query_batch(batch, job):
        rows += list(unicodecsv.DictReader(result, encoding="utf-8"))
    job = bulk.create_queryall_job("User", contentType="JSON")
    batch = bulk.query(job, soql)
    bulk.wait_for_batch(job, batch, timeout=60, sleep_interval=WAIT)
    records = []
    for result in bulk.get_all_results_for_query_batch(batch, job):
        records += json.load(IteratorBytesIO(result))
    return {"csv": rows, "json": records, "request": bulk.get_query_batch_request(batch, job)}


def chunks(order: Order) -> Any:
    bulk = connect(order)
    job = bulk.create_query_job("User", contentType="CSV", pk_chunking=order["size"])
    first = bulk.query(job, "SELECT Id FROM User")
    state = ""
    while state != "NotProcessed":
        state = bulk.batch_state(first, job, reload=True)
    ids = [batch["id"] for batch in bulk.get_batch_list(job) if batch["id"] != first]
    bulk.close_job(job)
    found = []
    for batch in ids:
        bulk.wait_for_batch(job, batch, timeout=60, sleep_interval=WAIT)
        rows: list[str] = []
        for result in bulk.get_all_results_for_query_batch(batch, job):
            rows += [row["Id"] for row in unicodecsv.DictReader(result, encoding="utf-8")]
        found.append(rows)
    return {"chunks": found, "status": bulk.job_status(job)}


def troubles(order: Order) -> Any:
    bulk, told = connect(order), {}
    job = bulk.create_query_job("User", contentType="CSV")
    batch = bulk.query(job, "SELECT Nope FROM User")

    def attempt(name: str, call: Callable[[], Any]) -> None:
        try:
            call()
            told[name] = "nothing"
        except BulkApiError as error:
            told[name] = f"{type(error).__name__} {error.status_code} {error}"

    attempt("query", lambda: bulk.wait_for_batch(job, batch, sleep_interval=WAIT))
    bulk.abort_job(job)
    told["state"] = bulk.job_state(job)
    attempt("closed", lambda: bulk.query(job, "SELECT Id FROM User"))
    attempt("object", lambda: bulk.create_insert_job("Nothing__c"))
    wrong = connect({**order, "token": "00Dnonsense!wrong"})
    attempt("session", lambda: wrong.job_status(job))
    return told


def login(order: Order) -> Any:
    """By SOAP, as the client does it by itself."""
    bulk = SalesforceBulk(
        username=order["username"],
        password=order["password"],
        security_token=order["security_token"],
        API_version="59.0",
    )
    # It keeps the bare host that its login gives; the org is at the port it was called at.
    bulk.endpoint = f"{order['url']}/services/async/59.0"
    return bulk.job_status(bulk.create_query_job("User"))["state"]


FLOWS = (load, formats, queries, chunks, troubles, login)
flows = {flow.__name__: flow for flow in FLOWS}
json.dump(flows[sys.argv[1]](json.load(sys.stdin)), sys.stdout)
