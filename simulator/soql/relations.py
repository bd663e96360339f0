"""Where queries meet other objects' queries: children of a record, and sub-selects."""

from __future__ import annotations

from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.soql import kinds
from simulator.soql.columns import Column
from simulator.soql.refusals import MALFORMED, located
from simulator.soql.scope import HINT
from simulator.soql.syntax import Condition, InQuery, Junction, Negation, Path, Query

UNKNOWN_CHILDREN = (
    "Didn't understand relationship '{}' in FROM part of query call. If you are attempting to use "
    f"a custom relationship, be sure to append the '__r' after the custom relationship name. {HINT}"
)


def find_children(
    child: Query, parent: Query, sobject: SObject, schema: Schema, access: Access
) -> tuple[str, SObject, Field]:
    """The relationship's name, the child object and its lookup; else INVALID_TYPE."""
    wanted = _relationship(child.object, parent, sobject)
    for candidate in schema.objects.values():
        for lookup in candidate.fields:
            name = _child_name(lookup)
            if (
                name.lower() == wanted
                and sobject.name in lookup.reference_to
                and access.readable(candidate, lookup)
            ):
                return name, candidate, lookup
    raise located(
        child.text,
        child.object.place.start,
        "INVALID_TYPE",
        UNKNOWN_CHILDREN.format(child.object.names[-1]),
    )


def check_sub_select(in_query: InQuery, left: Column, outer: SObject) -> Path:
    """The one field that a semi-join selects; refuses what Salesforce refuses.

    Sentences of the first and the last refusal are quoted by users; the others are unconfirmed.
    """
    inner = in_query.query
    if inner.where is not None and _has_sub_select(inner.where):
        raise _refused(inner, "Nesting of semi join sub-selects is not supported")
    items = inner.items
    if len(items) != 1 or inner.children or not isinstance(items[0].expression, Path):
        raise _refused(inner, "The inner select must have exactly one field")
    if left.type not in kinds.IDS:
        raise _refused(inner, "The left operand of a semi join must be an id or a reference")
    if inner.object.names[-1].lower() == outer.name.lower():
        raise _refused(inner, "The inner and outer selects should not be on the same object type")
    return items[0].expression


def _relationship(path: Path, parent: Query, sobject: SObject) -> str:
    """`FROM Contacts`, or `FROM Account.Contacts`, or with the parent's alias."""
    known = {sobject.name.lower(), (parent.sources[0].alias or "").lower()}
    names = path.names[1:] if len(path.names) > 1 and path.names[0].lower() in known else path.names
    return ".".join(names).lower()


def _child_name(lookup: Field) -> str:
    name = lookup.child_relationship or ""
    return f"{name}__r" if name and lookup.custom and not name.endswith("__r") else name


def _has_sub_select(condition: Condition) -> bool:
    match condition:
        case InQuery():
            return True
        case Negation():
            return _has_sub_select(condition.condition)
        case Junction():
            return any(map(_has_sub_select, condition.conditions))
        case _:
            return False


def _refused(query: Query, message: str) -> ApiError:
    return located(query.text, query.object.place.start, MALFORMED, message)
