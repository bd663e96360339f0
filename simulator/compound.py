"""Compound addresses: one value made of the fields that hold its parts.

Recorded: an object with lower-case keys in alphabetical order, all of them present. That
an address without any part is null is unconfirmed. State and country codes exist only in
orgs with state and country picklists; this one has none.
"""

from __future__ import annotations

from simulator.schema.model import Field, SObject

KEYS = {
    "City": "city",
    "Country": "country",
    "GeocodeAccuracy": "geocodeAccuracy",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "PostalCode": "postalCode",
    "State": "state",
    "Street": "street",
}


def address_sql(sobject: SObject, field: Field) -> str:
    """The SQL expression of a column that is always the JSON of its parts."""
    parts = {_key(part): part.name for part in sobject.parts[field.name]}
    pairs = ", ".join(f"'{key}', " + _column(parts.get(key)) for key in KEYS.values())
    named = ", ".join(f'"{name}"' for name in parts.values())
    return f"CASE WHEN coalesce({named}) IS NULL THEN NULL ELSE json_object({pairs}) END"


def _column(name: str | None) -> str:
    return "NULL" if name is None else f'"{name}"'


def _key(part: Field) -> str:
    """`BillingPostalCode` is the `postalCode` of its address."""
    return next(key for ending, key in KEYS.items() if part.name.endswith(ending))
