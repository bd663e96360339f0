"""Does the org have what the layout says? Asked before anything is written.

A field that the integration user may not see is simply absent from describe(), so that missing
and hidden cannot be told apart here (field-level security).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.model import CATALOGUE, Status
from sync.salesforce.fields import SYSTEM_FIELDS, Layout

PERMISSION_SET = "License Sync Integration"
MESSAGE_LENGTH = 255

_TEXTS = frozenset({"string", "textarea"})
_GRANT = f"deploy it from sfdx/ and assign the permission set {PERMISSION_SET}"
_EDIT = f"give the integration user edit access: assign the permission set {PERMISSION_SET}"


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One thing about the org that does not fit the layout.

    `field` is a field's API name, or the object's. Nothing may be written while a problem that
    `blocks` is there; the others only keep some of it from working.
    """

    field: str
    what: str
    mend: str
    blocks: bool = True

    def __str__(self) -> str:
        return f"{self.field} {self.what}; {self.mend}"


def schema_problems(layout: Layout, described: Mapping[str, Any]) -> tuple[SchemaProblem, ...]:
    """All problems of an org whose answer to describe() is `described`, in the layout's order."""
    fields = {f["name"].lower(): f for f in described["fields"]}

    def problems() -> Iterator[SchemaProblem]:
        if not described.get("updateable"):
            yield SchemaProblem(layout.object, "cannot be edited by the integration user", _EDIT)
        for field in layout.read:
            found = fields.get(field.lower())
            if found is None:
                yield SchemaProblem(field, "is missing or hidden", _GRANT)
            elif field not in SYSTEM_FIELDS:
                yield from _field_problems(layout, field, found)

    return tuple(problems())


def missing_object(layout: Layout) -> SchemaProblem:
    """The problem of an org that does not know the layout's object."""
    return SchemaProblem(layout.object, "is missing or hidden", _GRANT)


def sentence(problems: Sequence[SchemaProblem]) -> str | None:
    """One sentence for the problems that block; None when there are none."""
    blocking = [problem for problem in problems if problem.blocks]
    if not blocking:
        return None
    mends = list(dict.fromkeys(problem.mend for problem in blocking))
    what = ", ".join(f"{problem.field} {problem.what}" for problem in blocking)
    return f"Nothing is written, since the org does not fit the layout: {what}; {'; '.join(mends)}."


def _field_problems(
    layout: Layout, field: str, found: Mapping[str, Any]
) -> Iterator[SchemaProblem]:
    flags = {*layout.requested.values(), *layout.effective.values()}
    if field in flags or field in (layout.active, layout.recording_group):
        yield from _type_problem(field, found, {"boolean"}, "a checkbox")
    if field in (layout.message, layout.decided):
        yield from _type_problem(field, found, _TEXTS, "a text field")
        least = MESSAGE_LENGTH if field == layout.message else len(CATALOGUE)
        yield from _length_problem(field, found, least)
    if field == layout.status:
        yield from _status_problems(field, found)
    if not found.get("updateable"):
        if field in layout.owned:
            yield SchemaProblem(field, "is read-only for the integration user", _EDIT)
        elif field in flags:
            what = "is read-only for the integration user, so that no resolution can be carried out"
            yield SchemaProblem(field, what, _EDIT, blocks=False)


def _type_problem(
    field: str, found: Mapping[str, Any], types: set[str] | frozenset[str], wanted: str
) -> Iterator[SchemaProblem]:
    if found.get("type") not in types:
        what = f"is of type {found.get('type')}, not {wanted}"
        yield SchemaProblem(field, what, "name the right field in the layout, or change its type")


def _length_problem(field: str, found: Mapping[str, Any], least: int) -> Iterator[SchemaProblem]:
    length = found.get("length")
    if found.get("type") in _TEXTS and (not isinstance(length, int) or length < least):
        what = f"takes {length} characters and needs {least}"
        yield SchemaProblem(field, what, f"lengthen it to {least}")


def _status_problems(field: str, found: Mapping[str, Any]) -> Iterator[SchemaProblem]:
    """A text field takes any status; a picklist that is not restricted does, too."""
    yield from _type_problem(field, found, {"picklist", "string"}, "a picklist")
    if found.get("type") == "string":
        yield from _length_problem(field, found, max(map(len, Status)))
    if found.get("type") != "picklist":
        return
    values = found.get("picklistValues") or ()
    active = {value.get("value") for value in values if value.get("active")}
    missing = [status.value for status in Status if status.value not in active]
    if missing:
        what = f"lacks the picklist value {', '.join(missing)}"
        restricted = found.get("restrictedPicklist") is not False
        yield SchemaProblem(field, what, "add it to the field's values", blocks=restricted)
