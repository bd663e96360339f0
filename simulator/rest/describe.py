"""Global and object describe, with the keys of recorded answers.

What field-level security hides from the calling user is absent; what it makes
read-only says `updateable: false`.
"""

from __future__ import annotations

import hashlib
from typing import Any

from simulator.clock import http_date
from simulator.rest.call import Answer, Call
from simulator.rest.conditions import check_dates
from simulator.rest.field_describe import described_field
from simulator.rest.objects import named_object
from simulator.rest.recent import recent_records
from simulator.schema.model import SObject

ALWAYS_FALSE = (
    "activateable",
    "customSetting",
    "deepCloneable",
    "deprecatedAndHidden",
    "hasSubtypes",
    "isInterface",
    "isSubtype",
)
MERGEABLE = ("Account", "Contact", "Lead")
MASTER_TYPE = "012000000000000AAA"


def global_describe(call: Call) -> Answer:
    headers = _headers(call)
    unchanged = check_dates(call, _schema_date(call), headers)
    if unchanged:
        return unchanged
    objects = sorted(call.org.schema.objects.values(), key=lambda o: o.name)
    entries = [_summary(call, sobject) for sobject in objects]
    body = {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": entries}
    return Answer(body=body, headers=headers)


def basic_info(call: Call, name: str) -> Answer:
    sobject = named_object(call, name)
    recent = recent_records(call, sobject)
    return Answer(body={"objectDescribe": _summary(call, sobject), "recentItems": recent})


def describe(call: Call, name: str) -> Answer:
    sobject = named_object(call, name)
    headers = _headers(call)
    unchanged = check_dates(call, _schema_date(call), headers)
    if unchanged:
        return unchanged
    fields = call.access.visible_fields(sobject).values()
    body = _summary(call, sobject) | {
        "actionOverrides": [],
        "childRelationships": _children(call, sobject),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [described_field(call.access, sobject, f) for f in fields],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(call, sobject),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {sobject.plural.lower()}", "name": "everything"}],
    }
    return Answer(body=dict(sorted(body.items())), headers=headers)


def _schema_date(call: Call) -> int:
    return int(call.org.db.setting("schema_date", "0"))


def _headers(call: Call) -> dict[str, str]:
    """Recorded with a 304 too: a tag of eight digits, and when the schema changed."""
    tag = hashlib.sha256(call.org.schema.fingerprint.encode()).hexdigest()[:8]
    return {"ETag": f'"{tag}"', "Last-Modified": http_date(_schema_date(call))}


def _children(call: Call, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": field.cascade,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.child_relationship,
            "restrictedDelete": False,
        }
        for child, field in call.org.schema.children(sobject)
        if call.access.readable(child, field)
    ]


def _record_types(call: Call, sobject: SObject) -> list[dict[str, Any]]:
    """The master alone, as no object here has record types."""
    if sobject.setup:
        return []
    url = f"{call.base}sobjects/{sobject.name}/describe/layouts/{MASTER_TYPE}"
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": True,
            "developerName": "Master",
            "master": True,
            "name": "Master",
            "recordTypeId": MASTER_TYPE,
            "urls": {"layout": url},
        }
    ]


def _summary(call: Call, sobject: SObject) -> dict[str, Any]:
    editable = call.access.may_edit(sobject)
    summary = dict.fromkeys(ALWAYS_FALSE, False) | {
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": sobject.createable and editable,
        "custom": sobject.custom,
        "deletable": sobject.deletable,
        "feedEnabled": not sobject.setup and not sobject.custom,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": True,
        "mergeable": sobject.name in MERGEABLE,
        "mruEnabled": True,
        "name": sobject.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": sobject.deletable,
        "updateable": sobject.updateable and editable,
    }
    return dict(sorted(summary.items())) | {"urls": _urls(call, sobject)}


def _urls(call: Call, sobject: SObject) -> dict[str, str]:
    """Those of the resources beside the first three are recorded; nothing answers there."""
    url = f"{call.base}sobjects/{sobject.name}"
    urls = {
        "compactLayouts": f"{url}/describe/compactLayouts",
        "rowTemplate": url + "/{ID}",
        "describe": f"{url}/describe",
        "layouts": f"{url}/describe/layouts",
        "sobject": url,
    }
    if sobject.name == "User":
        urls["passwordUtilities"] = url + "/{ID}/password"
        urls["namedLayouts"] = f"{url}/describe/namedLayouts/{{LayoutName}}"
    return urls
