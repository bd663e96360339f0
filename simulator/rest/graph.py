"""Composite graph: groups of requests, each group all or nothing. Documented limits.

The wording of the refusals is unconfirmed.
"""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.rest.call import Answer, Call
from simulator.rest.composite import HALTED, Dispatch, Subrequest, checked, run

MOST_NODES = 500
MOST_GRAPHS = 75
MOST_FAILED = 14
SINCE = 50.0
ALLOWED = re.compile(r"/services/data/v\d+\.0/sobjects/", re.IGNORECASE)
Graph = dict[str, Any]


def graph(call: Call, dispatch: Dispatch) -> Answer:
    """One API call in all; after 14 failed graphs the rest is not tried."""
    if float(call.version) < SINCE:
        raise ApiError(404, "NOT_FOUND", "The requested resource does not exist")
    graphs = _checked(call.json_object().get("graphs"))
    results: list[Graph] = []
    for one in graphs:
        failed = sum(1 for r in results if not r["isSuccessful"])
        results.append(_halted(one) if failed >= MOST_FAILED else _run(call, dispatch, one))
    return Answer(body={"graphs": results})


def _run(call: Call, dispatch: Dispatch, one: Graph) -> Graph:
    answers, good = run(call, dispatch, one["compositeRequest"], strict=True)
    return {"graphId": one["graphId"], "graphResponse": answers, "isSuccessful": good}


def _halted(one: Graph) -> Graph:
    answers = [
        {
            "body": HALTED.body(),
            "httpHeaders": {},
            "httpStatusCode": HALTED.status,
            "referenceId": request["referenceId"],
        }
        for request in one["compositeRequest"]
    ]
    response = {"compositeResponse": answers}
    return {"graphId": one["graphId"], "graphResponse": response, "isSuccessful": False}


def _checked(graphs: Any) -> list[Graph]:
    if not isinstance(graphs, list) or not all(isinstance(g, dict) for g in graphs):
        raise parser_error("graphs must be an array of objects")
    names = [g.get("graphId") for g in graphs]
    if not all(isinstance(n, str) for n in names) or len(set(names)) < len(names):
        raise ApiError(400, "INVALID_INPUT", "Each graph needs a graphId of its own")
    nodes: list[Subrequest] = []
    for one in graphs:
        nodes += checked(one.get("compositeRequest"), MOST_NODES)
    if len(nodes) > MOST_NODES or len(graphs) > MOST_GRAPHS:
        message = f"At most {MOST_NODES} nodes in {MOST_GRAPHS} graphs are allowed in a request"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    if not all(ALLOWED.match(str(node.get("url"))) for node in nodes):
        raise ApiError(400, "INVALID_INPUT", "A graph can hold sobjects requests only")
    return graphs
