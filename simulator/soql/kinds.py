"""What SOQL allows with the types of fields.

Sources: SOQL reference ("Support for Field Types in Aggregate Functions", "GROUP BY"
considerations) and what users of real orgs report.
"""

from __future__ import annotations

from simulator.schema.model import Field

NUMBERS = frozenset({"double", "currency", "percent", "int", "long"})
IDS = frozenset({"id", "reference"})
DATES = frozenset({"date", "datetime"})
OPAQUE = frozenset({"base64", "address", "location", "encryptedstring"})
LONG_TEXT = 255
LITERALS = {"boolean": "boolean", "datetime": "datetime", "date": "date"}
SHOWN = {"datetime": "dateTime", "reference": "string", "id": "string"}


def literal_kind(type: str) -> str:
    """The kind of literal that a field of this type is compared with."""
    return "number" if type in NUMBERS else LITERALS.get(type, "string")


def shown_type(type: str) -> str:
    """The type's name in "value of filter criterion for field … must be of type …"."""
    return SHOWN.get(type, type if literal_kind(type) != "string" else "string")


def is_text(type: str) -> bool:
    return literal_kind(type) == "string" and type not in IDS


def collation(type: str) -> str:
    """Text compares without regard to case, ids with it."""
    return " COLLATE NOCASE" if is_text(type) else ""


def filterable(field: Field) -> bool:
    return field.type not in OPAQUE and not _long(field)


def sortable(field: Field) -> bool:
    return filterable(field) and field.type != "multipicklist"


def groupable(field: Field) -> bool:
    """Numbers with decimals, date-times and formulas cannot be grouped by themselves."""
    refused = OPAQUE | {"double", "currency", "percent", "datetime", "multipicklist", "textarea"}
    return field.type not in refused and not field.calculated


def aggregatable(type: str, function: str) -> bool:
    if type in OPAQUE or type in ("textarea", "boolean", "multipicklist"):
        return False
    return type in NUMBERS if function in ("SUM", "AVG") else True


def _long(field: Field) -> bool:
    return field.type == "textarea" and field.length > LONG_TEXT
