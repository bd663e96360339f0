"""What answers look like, in XML and in JSON. Clients compare content types by letter.

Element names, their order and the spaces: recorded with CumulusCI. JSON has its keys by the
alphabet, and null where XML has nothing (recorded for batches).
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from simulator.bulk.forms import SPACE
from simulator.rest.call import Answer

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
XML, JSON = {"Content-Type": "application/xml"}, {"Content-Type": "application/json"}
Fields = dict[str, Any]


def element(name: str, fields: Fields, *, as_json: bool, status: int = 200) -> Answer:
    """One job, batch or error."""
    if as_json:
        return json(_json(fields), status)
    return xml(f"{DECLARATION}<{name}\n   {_space()}>\n{_inside(fields)}</{name}>", status)


def elements(name: str, items: list[Fields], *, as_json: bool) -> Answer:
    """A list of batches."""
    if as_json:
        return json({name: [_json(fields) for fields in items]})
    if not items:
        return xml(f"{DECLARATION}<{name}List\n   {_space()} />")
    inside = "".join(f" <{name}>\n{_inside(fields, '  ')} </{name}>\n" for fields in items)
    return xml(f"{DECLARATION}<{name}List\n   {_space()}>\n{inside}</{name}List>")


def results(ids: list[str], *, as_json: bool) -> Answer:
    """Where the results of a query lie (recorded)."""
    if as_json:
        return json(ids)
    inside = "".join(f"<result>{one}</result>" for one in ids)
    return xml(f"<result-list {_space()}>{inside}</result-list>")


def xml(text: str, status: int = 200) -> Answer:
    return Answer(status, text, dict(XML))


def json(body: Any, status: int = 200) -> Answer:
    return Answer(status, body, dict(JSON))


def _space() -> str:
    return f'xmlns="{SPACE}"'


def _inside(fields: Fields, margin: str = " ") -> str:
    shown = [(name, value) for name, value in fields.items() if value is not None]
    return "".join(f"{margin}<{name}>{escape(str(value))}</{name}>\n" for name, value in shown)


def _json(fields: Fields) -> Fields:
    shown = {name: fields[name] for name in sorted(fields)}
    for name in ("createdDate", "systemModstamp"):
        if name in shown:
            shown[name] = shown[name].replace("Z", "+0000")
    return shown
