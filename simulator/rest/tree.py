"""sObject tree: records with their children, created together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.errors import ApiError, parser_error
from simulator.records import Author
from simulator.rest.call import Answer, Call
from simulator.rest.objects import named_object
from simulator.rest.rows import without_attributes
from simulator.schema.model import Field, SObject

MOST_RECORDS = 200
MOST_TYPES = 5
MOST_LEVELS = 5


class _Failed(Exception):
    """Takes the savepoint down with it."""


@dataclass(frozen=True)
class Node:
    """One record of the tree, and the lookup by which it hangs on its parent."""

    sobject: SObject
    body: dict[str, Any]
    reference: str
    parent: Node | None = None
    lookup: Field | None = None


def create(call: Call, name: str) -> Answer:
    """201 with an id for each reference, or 400 with the errors of those that failed."""
    nodes = _checked(_nodes(call, named_object(call, name), call.json_object(), None, None))
    call.tally.records += len(nodes)
    made: dict[int, str] = {}
    errors: list[dict[str, Any]] = []
    author = call.author()
    try:
        with call.org.db.savepoint():
            for node in nodes:
                error = _create_one(call, author, node, made)
                errors += [error] if error else []
            if errors:
                raise _Failed
    except _Failed:
        return Answer(400, {"hasErrors": True, "results": errors})
    results = [{"referenceId": node.reference, "id": made[id(node)]} for node in nodes]
    return Answer(201, {"hasErrors": False, "results": results})


def _create_one(
    call: Call, author: Author, node: Node, made: dict[int, str]
) -> dict[str, Any] | None:
    """A child of a record that failed is not tried."""
    body = dict(node.body)
    if node.parent is not None and node.lookup is not None:
        if id(node.parent) not in made:
            return None
        body[node.lookup.name] = made[id(node.parent)]
    try:
        made[id(node)] = call.org.records.create(author, node.sobject, body)
    except ApiError as error:
        return {"referenceId": node.reference, "errors": error.item()["errors"]}
    return None


def _nodes(
    call: Call, sobject: SObject, holder: Any, parent: Node | None, lookup: Field | None
) -> Iterator[Node]:
    records = holder.get("records") if isinstance(holder, dict) else None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise parser_error("records must be an array of objects")
    for record in records:
        attributes = record.get("attributes")
        if not isinstance(attributes, dict) or not attributes.get("referenceId"):
            message = "Each record needs attributes with a type and a referenceId"
            raise ApiError(400, "INVALID_INPUT", message)
        below = _below(call, sobject, record)
        fields = without_attributes(record).items()
        body = {key: value for key, value in fields if key.lower() not in below}
        node = Node(sobject, body, str(attributes["referenceId"]), parent, lookup)
        yield node
        for key, (child, field) in below.items():
            held = next(v for k, v in record.items() if k.lower() == key)
            yield from _nodes(call, child, held, node, field)


def _below(
    call: Call, sobject: SObject, record: dict[str, Any]
) -> dict[str, tuple[SObject, Field]]:
    """The child relationships that a record fills, by lower-case name."""
    known = {
        field.child_relationship.lower(): (child, field)
        for child, field in call.org.schema.children(sobject)
        if field.child_relationship
    }
    return {key: known[key] for key in (k.lower() for k in record) if key in known}


def _checked(found: Iterator[Node]) -> list[Node]:
    nodes = list(found)
    names = [node.reference for node in nodes]
    if len(set(names)) < len(names):
        raise ApiError(400, "INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
    types, deepest = (
        len({n.sobject.name for n in nodes}),
        max((_depth(n) for n in nodes), default=0),
    )
    if len(nodes) > MOST_RECORDS or types > MOST_TYPES or deepest > MOST_LEVELS:
        message = (
            f"At most {MOST_RECORDS} records of {MOST_TYPES} types on {MOST_LEVELS} levels are "
            "allowed in a request"
        )
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    return nodes


def _depth(node: Node) -> int:
    return 1 + (_depth(node.parent) if node.parent else 0)
