"""From an order to an automation; ValueError says what is wrong in it."""

from __future__ import annotations

from typing import Any

from simulator.automations.automation import CAUSES, Automation
from simulator.formula import FormulaError, compile_formula
from simulator.schema.model import Schema, SObject

NEEDED = {
    "validation_rule": {"formula"},
    "failing_trigger": set[str](),
    "reverting": {"field"},
    "editing": {"field", "sets"},
}
KEYS = {
    "validation_rule": {"message"},
    "failing_trigger": {"field", "cause", "code", "message"},
    "reverting": {"seconds", "by"},
    "editing": {"seconds", "by"},
}
COMMON = {"kind", "name", "when", "count", "field"}
WHEN = {"object", "ids", "share", "seed", "by"}
CODES = ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER")


def read(order: dict[str, Any], number: int, schema: Schema) -> Automation:
    kind = order.get("kind")
    if kind not in NEEDED:
        raise ValueError(f"kind must be one of {', '.join(sorted(NEEDED))}")
    when = order.get("when") or {}
    unknown = set(order) - COMMON - NEEDED[kind] - KEYS[kind] or set(when) - WHEN
    missing = NEEDED[kind] - order.keys()
    if unknown or missing:
        say = f"unknown keys: {', '.join(sorted(unknown))}" if unknown else "this kind needs "
        raise ValueError(say if unknown else say + ", ".join(sorted(missing)))
    _check_values(order, when)
    sobject = schema.object(str(when.get("object", "User")))
    if sobject is None:
        raise ValueError(f"no such object: {when['object']}")
    fields = _known(sobject, _listed(order.get("field")))
    if kind == "editing":
        order = {**order, "sets": dict(zip(*_settings(sobject, order["sets"]), strict=True))}
    automation = Automation(number, order, sobject, fields)
    if kind == "validation_rule":
        automation.test = _formula(sobject, str(order["formula"]))
    return automation


def _formula(sobject: SObject, source: str) -> Any:
    try:
        return compile_formula(source, {f.name.lower(): f.name for f in sobject.fields})
    except FormulaError as error:
        raise ValueError(str(error)) from error


def _check_values(order: dict[str, Any], when: dict[str, Any]) -> None:
    if not 0 <= when.get("share", 1) <= 1:
        raise ValueError("when.share must be a number from 0 to 1")
    if not isinstance(order.get("count"), int | None):
        raise ValueError("count must be a whole number or null")
    if not isinstance(order.get("seconds", 0), int | float) or order.get("seconds", 0) < 0:
        raise ValueError("seconds must be a number")
    if order.get("cause", "exception") not in CAUSES:
        raise ValueError(f"cause must be one of {', '.join(CAUSES)}")
    if order.get("code", CODES[0]) not in CODES:
        raise ValueError(f"code must be one of {', '.join(CODES)}")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _known(sobject: SObject, names: list[Any]) -> tuple[str, ...]:
    found = [sobject.field(str(name)) for name in names]
    if None in found:
        raise ValueError(f"{sobject.name} has no field {names[found.index(None)]}")
    return tuple(field.name for field in found if field)


def _settings(sobject: SObject, sets: Any) -> tuple[tuple[str, ...], list[Any]]:
    if not isinstance(sets, dict) or not sets:
        raise ValueError("sets must be an object: field to value")
    return _known(sobject, list(sets)), list(sets.values())
