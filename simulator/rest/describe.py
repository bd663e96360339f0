"""Global and object describe, with the keys of recorded answers.

What field-level security hides from the calling user is absent; what it makes
read-only says `updateable: false`.
"""

from __future__ import annotations

from typing import Any

from simulator.rest.call import Answer, Call
from simulator.rest.conditions import check_conditions
from simulator.rest.objects import named_object
from simulator.schema.model import Field, SObject

SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "datetime": "xsd:dateTime",
    "double": "xsd:double",
}
ALWAYS_FALSE = (
    "activateable",
    "customSetting",
    "deepCloneable",
    "deprecatedAndHidden",
    "feedEnabled",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
    "mergeable",
)
FIELD_CONSTANTS: dict[str, Any] = {
    "aiPredictionField": False,
    "autoNumber": False,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "mask": None,
    "maskType": None,
    "polymorphicForeignKey": False,
    "queryByDistance": False,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "searchPrefilterable": False,
    "sortable": True,
    "aggregatable": True,
    "filterable": True,
    "writeRequiresMasterRead": False,
}


def global_describe(call: Call) -> Answer:
    unchanged = check_conditions(call, _schema_date(call))
    if unchanged:
        return unchanged
    entries = [_summary(call, sobject) for sobject in call.org.schema.objects.values()]
    return Answer(body={"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entries})


def basic_info(call: Call, name: str) -> Answer:
    return Answer(
        body={"objectDescribe": _summary(call, named_object(call, name)), "recentItems": []}
    )


def describe(call: Call, name: str) -> Answer:
    sobject = named_object(call, name)
    unchanged = check_conditions(call, _schema_date(call))
    if unchanged:
        return unchanged
    body = _summary(call, sobject) | {
        "actionOverrides": [],
        "childRelationships": [],
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "implementedBy": None,
        "implementsInterfaces": None,
        "fields": [_field(call, sobject, f) for f in call.access.visible_fields(sobject).values()],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
    }
    return Answer(body=body)


def _schema_date(call: Call) -> int:
    return int(call.org.db.setting("schema_date", "0"))


def _summary(call: Call, sobject: SObject) -> dict[str, Any]:
    url = f"{call.base}sobjects/{sobject.name}"
    editable = sobject.updateable and call.access.may_edit(sobject)
    return dict.fromkeys(ALWAYS_FALSE, False) | {
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable and editable,
        "custom": sobject.custom,
        "deletable": sobject.deletable,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": True,
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": sobject.deletable,
        "updateable": editable,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": url + "/{ID}"},
    }


def _field(call: Call, sobject: SObject, field: Field) -> dict[str, Any]:
    editable = call.access.editable(sobject, field)
    return dict(FIELD_CONSTANTS) | {
        "byteLength": field.length * 3 if field.type not in ("id", "reference") else field.length,
        "calculated": field.calculated,
        "calculatedFormula": field.formula if field.calculated else None,
        "createable": field.createable and (editable or not field.custom),
        "custom": field.custom,
        "defaultValue": field.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": field.type in ("boolean", "id"),
        "groupable": not field.calculated,
        "idLookup": field.type == "id" or field.name == "Username",
        "inlineHelpText": field.help_text,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": False,
        "nillable": field.nillable,
        "permissionable": field.custom,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": False,
                "label": value,
                "validFor": None,
                "value": value,
            }
            for value in field.picklist
        ],
        "precision": 0,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": 0,
        "soapType": SOAP_TYPES.get(field.type, "xsd:string"),
        "type": field.type,
        "unique": field.unique,
        "updateable": editable,
    }
