"""Runs in CumulusCI's environment: carries out the data operations that standard input orders.

In: {"url", "token", "operations": [{"operation", "sobject", "fields", "records" or "query", …}]}.
Out: for each its status, its counts and its rows. Operations are made by CumulusCI's own
`get_query_operation` and `get_dml_operation`, as its load and extract tasks make them.
"""

from __future__ import annotations

import json
import logging
import sys
from types import SimpleNamespace
from typing import Any

from cumulusci.tasks.bulkdata.step import (
    DataOperationType,
    get_dml_operation,
    get_query_operation,
)
from cumulusci.tasks.bulkdata.utils import DataApi
from salesforce_bulk import SalesforceBulk
from simple_salesforce import Salesforce


def context(order: dict[str, Any]) -> SimpleNamespace:
    host = order["url"].removeprefix("https://")
    sf = Salesforce(instance=host, session_id=order["token"], version="59.0")
    bulk = SalesforceBulk(sessionId=order["token"], host=host, API_version="59.0")
    return SimpleNamespace(sf=sf, bulk=bulk, logger=logging.getLogger("operations"))


def carry_out(operation: dict[str, Any], where: SimpleNamespace) -> dict[str, Any]:
    common = {
        "sobject": operation["sobject"],
        "fields": operation["fields"],
        "api_options": operation.get("api_options", {}),
        "context": where,
        "api": DataApi[operation.get("api", "REST")],
    }
    if operation["operation"] == "query":
        with get_query_operation(**common, query=operation["query"]) as step:
            rows = list(step.get_results())
    else:
        kind = DataOperationType(operation["operation"])
        records = operation["records"]
        step = get_dml_operation(**common, operation=kind, volume=len(records))
        before = previous(step, records) if operation.get("previous") else []
        with step:
            step.load_records(iter(records))
        rows = [*before, *(results(step) if operation.get("rows", True) else [])]
    result = step.job_result
    return {
        "status": result.status.name,
        "processed": result.records_processed,
        "errors": result.total_row_errors,
        "rows": rows,
    }


def results(step: Any) -> list[dict[str, Any]]:
    return [row._asdict() for row in step.get_results()]


def previous(step: Any, records: list[list[Any]]) -> list[dict[str, Any]]:
    """What it keeps for taking a load back: the values of before."""
    values, names = step.get_prev_record_values(iter(records))
    return [dict(zip(names, row, strict=True)) for row in values]


def main() -> None:
    order = json.load(sys.stdin)
    where = context(order)
    done = [carry_out(operation, where) for operation in order["operations"]]
    json.dump(done, sys.stdout)


main()
