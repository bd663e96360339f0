"""One field in an object describe: keys and their values by type as in recorded describes."""

from __future__ import annotations

from typing import Any

from simulator.schema.access import Access
from simulator.schema.model import Field, SObject

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "datetime": "xsd:dateTime",
    "date": "xsd:date",
    "time": "xsd:time",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "address": "urn:address",
}
NUMBERS = ("double", "currency", "percent")
UNGROUPED = (*NUMBERS, "datetime", "address", "multipicklist", "combobox", "encryptedstring")
LONG_TEXT = 255
CONSTANTS: dict[str, Any] = {
    "aiPredictionField": False,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "queryByDistance": False,
    "referenceTargetField": None,
    "restrictedDelete": False,
}


def described_field(access: Access, sobject: SObject, field: Field) -> dict[str, Any]:
    """In the alphabetical order of recorded answers."""
    found = dict(CONSTANTS) | _nature(field) | _text(field) | _lookup(field)
    found |= {
        "createable": access.createable(sobject, field),
        "nameField": field.name_field,
        "permissionable": field.guarded,
        "updateable": access.editable(sobject, field),
    }
    return dict(sorted(found.items()))


def _nature(field: Field) -> dict[str, Any]:
    """What can be asked of it, and what it is made from."""
    long = field.type == "textarea" and field.length > LONG_TEXT
    searchable = not long and field.type != "encryptedstring"
    named = field.compound or ("Name" if field.name in ("FirstName", "LastName") else None)
    return {
        "aggregatable": searchable and field.type not in ("boolean", "address", "multipicklist"),
        "autoNumber": field.auto_number is not None,
        "calculated": field.calculated,
        "calculatedFormula": field.formula if field.calculated else None,
        "compoundFieldName": named,
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultedOnCreate": _defaulted(field),
        "externalId": field.external_id,
        "filterable": searchable,
        "groupable": searchable and field.type not in UNGROUPED and not field.calculated,
        "idLookup": field.id_lookup,
        "nillable": field.nillable,
        "picklistValues": [_choice(field, value) for value in field.picklist],
        "restrictedPicklist": field.restricted,
        "sortable": searchable and field.type not in ("address", "multipicklist"),
        "type": field.type,
        "unique": field.unique,
    }


def _defaulted(field: Field) -> bool:
    system = field.name in ("OwnerId", "CreatedById", "LastModifiedById", "SystemModstamp")
    dated = field.name in ("CreatedDate", "LastModifiedDate")
    return field.type in ("boolean", "id") or field.default is not None or system or dated


def _text(field: Field) -> dict[str, Any]:
    whole = field.type == "int"
    plain = "plaintextarea" if field.type == "textarea" else None
    return {
        "byteLength": field.length if field.type in ("id", "reference") else field.length * 3,
        "caseSensitive": field.case_sensitive,
        "digits": field.precision if whole else 0,
        "encrypted": field.masked,
        "extraTypeInfo": "richtextarea" if field.html else plain,
        "htmlFormatted": field.html,
        "inlineHelpText": field.help_text,
        "label": field.label,
        "length": field.length,
        "mask": "*" if field.masked else None,
        "maskType": "all" if field.masked else None,
        "name": field.name,
        "precision": 0 if whole else field.precision,
        "scale": field.scale,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
    }


def _lookup(field: Field) -> dict[str, Any]:
    """A master-detail is known by its order, and by the parent that it needs for writing."""
    master = field.cascade and field.custom
    return {
        "cascadeDelete": field.cascade,
        "namePointing": field.polymorphic,
        "polymorphicForeignKey": field.polymorphic,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "relationshipOrder": 0 if master else None,
        "searchPrefilterable": field.type == "reference",
        "writeRequiresMasterRead": False,
    }


def _choice(field: Field, value: str) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": value == field.default,
        "label": value,
        "validFor": None,
        "value": value,
    }
