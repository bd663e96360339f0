"""Objects declared in TOML: standard ones of `simulator/objects`, and anybody's own.

A file is one object: `name`, `label`, `plural`, `prefix`, and a `[fields]` table, one field
a line, in the words of describe(): `type`, `label`, `length`, `precision`, `scale`,
`required`, `unique`, `external_id`, `id_lookup`, `case_sensitive`, `values` and `restricted` of
a picklist, `default`, `to`, `relationship`, `children` and `cascade` of a lookup, `formula`,
`auto_number`, `read_only`, `compound`, `help`. Id, IsDeleted and the audit fields come by
themselves. A misspelled key stops the start.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from simulator.schema.model import Field, SObject
from simulator.schema.standard import audit, flag, label_of, record_id

LENGTHS = {
    "string": 255,
    "email": 80,
    "phone": 40,
    "url": 255,
    "textarea": 255,
    "picklist": 255,
    "multipicklist": 4099,
    "combobox": 255,
    "encryptedstring": 175,
    "reference": 18,
}
NUMBERS = {"double": (18, 2), "currency": (18, 2), "percent": (18, 2), "int": (8, 0)}
TYPES = {*LENGTHS, *NUMBERS, "boolean", "date", "datetime", "time", "address"}
OBJECT_KEYS = {"name", "label", "plural", "prefix", "deletable", "setup", "read_only", "fields"}
FIELD_KEYS = {
    "type",
    "label",
    "length",
    "precision",
    "scale",
    "required",
    "name_field",
    "unique",
    "external_id",
    "id_lookup",
    "case_sensitive",
    "values",
    "restricted",
    "default",
    "to",
    "relationship",
    "children",
    "cascade",
    "formula",
    "auto_number",
    "read_only",
    "compound",
    "html",
    "help",
}
Declaration = dict[str, Any]


def read_objects(folder: Path, digest: hashlib._Hash) -> list[SObject]:
    """Every object of the folder, by file name; ValueError names the file and the key."""
    found = []
    for path in sorted(folder.glob("*.toml")):
        text = path.read_bytes()
        digest.update(text)
        try:
            found.append(_object(tomllib.loads(text.decode())))
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error
    return found


def _object(declared: Declaration) -> SObject:
    _known(declared, OBJECT_KEYS)
    name, custom = declared["name"], declared["name"].endswith("__c")
    deletable, fixed = declared.get("deletable", True), declared.get("read_only", False)
    own = [_field(key, value, fixed=fixed) for key, value in declared["fields"].items()]
    deleted = [flag("IsDeleted", "Deleted", createable=False, updateable=False)]
    label = "Record ID" if custom else f"{declared['label']} ID"
    return SObject(
        name,
        declared["label"],
        declared.get("plural", declared["label"] + "s"),
        declared["prefix"],
        (record_id(label), *(deleted if deletable else []), *own, *audit()),
        custom=custom,
        createable=not fixed,
        updateable=not fixed,
        deletable=deletable,
        setup=declared.get("setup", False),
    )


def _field(name: str, declared: Declaration, *, fixed: bool) -> Field:
    _known(declared, FIELD_KEYS)
    kind = declared["type"]
    if kind not in TYPES:
        raise ValueError(f"{name}: no field type {kind!r}; there are {', '.join(sorted(TYPES))}")
    custom = name.endswith("__c")
    targets = declared.get("to", [])
    computed = "formula" in declared or "auto_number" in declared or kind == "address"
    writable = not (computed or fixed or declared.get("read_only", False))
    precision, scale = NUMBERS.get(kind, (0, 0))
    return Field(
        name,
        kind,
        declared.get("label", label_of(name)),
        length=declared.get("length", LENGTHS.get(kind, 0)),
        nillable=kind != "boolean" and not declared.get("required", False),
        custom=custom,
        open=custom,
        createable=writable,
        updateable=writable,
        name_field=declared.get("name_field", False),
        unique=declared.get("unique", False),
        external_id=declared.get("external_id", False),
        lookup_key=declared.get("id_lookup", False),
        case_sensitive=declared.get("case_sensitive", False),
        default=declared.get("default", False if kind == "boolean" else None),
        picklist=tuple(declared.get("values", ())),
        restricted=declared.get("restricted", False),
        help_text=declared.get("help"),
        reference_to=(targets,) if isinstance(targets, str) else tuple(targets),
        relationship=declared.get("relationship"),
        child_relationship=declared.get("children"),
        cascade=declared.get("cascade", False),
        formula=declared.get("formula"),
        auto_number=declared.get("auto_number"),
        compound=declared.get("compound"),
        html=declared.get("html", False),
        precision=declared.get("precision", precision),
        scale=declared.get("scale", scale),
    )


def _known(declared: Declaration, keys: set[str]) -> None:
    unknown = declared.keys() - keys
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
