"""Reads the Salesforce DX project, so that one thing says what the fields are.

Format: Metadata API source format (CustomField, CustomObject, PermissionSet).
Unknown field types stop the start: a field that is silently absent would mislead.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from simulator.ids import DIGITS
from simulator.schema.channels import read_channels
from simulator.schema.declared import read_objects
from simulator.schema.model import Field, FieldRight, PermissionSet, Schema, SObject
from simulator.schema.standard import STANDARD_OBJECTS, audit, flag, record_id, text

SPACE = "{http://soap.sforce.com/2006/04/metadata}"
TYPES = {
    "Checkbox": "boolean",
    "Text": "string",
    "Picklist": "picklist",
    "Email": "email",
    "Phone": "phone",
    "DateTime": "datetime",
    "Lookup": "reference",
    "TextArea": "textarea",
    "Number": "double",
    "Url": "url",
    "Date": "date",
    "Time": "time",
    "Currency": "currency",
    "Percent": "percent",
    "MultiselectPicklist": "multipicklist",
    "AutoNumber": "string",
    "Html": "textarea",
    "LongTextArea": "textarea",
    "MasterDetail": "reference",
    "EncryptedText": "encryptedstring",
}
OBJECTS = Path(__file__).parent.parent / "objects"
FORMULA_LENGTH = 1300
FIRST_CUSTOM = 4  # a04: where the prefixes of orgs that were kept began
LENGTHS = {"boolean": 0, "datetime": 0, "date": 0, "time": 0, "email": 80, "phone": 40}
LENGTHS |= {"double": 0, "currency": 0, "percent": 0, "multipicklist": 4099, "reference": 18}


def read_schema(project: Path, *folders: Path) -> Schema:
    """Standard objects, those declared in `folders`, and all under the project's package folder."""
    base = project / "force-app" / "main" / "default"
    digest = hashlib.sha256()
    declared = [o for folder in (OBJECTS, *folders) for o in read_objects(folder, digest)]
    objects = {o.name.lower(): o for o in (*STANDARD_OBJECTS, *declared)}
    before = len(objects) - FIRST_CUSTOM
    for folder in sorted((base / "objects").iterdir()):
        known = objects.get(folder.name.lower()) or _custom_object(folder, len(objects) - before)
        fields = [_field(path, digest) for path in sorted(folder.glob("fields/*.field-meta.xml"))]
        objects[folder.name.lower()] = replace(known, fields=(*known.fields, *fields))
    sets = [
        _permission_set(path)
        for path in sorted(base.glob("permissionsets/*.permissionset-meta.xml"))
    ]
    channels = read_channels(base, objects)
    return Schema(objects, {s.name: s for s in sets}, digest.hexdigest(), channels)


def _root(path: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path}: {error}") from error


def _text(element: ElementTree.Element, name: str, default: str = "") -> str:
    found = element.find(SPACE + name)
    return default if found is None or found.text is None else found.text.strip()


def _custom_object(folder: Path, serial: int) -> SObject:
    """A custom object's prefix differs from org to org; here it follows reading order."""
    root = _root(folder / f"{folder.name}.object-meta.xml")
    name_field = root.find(SPACE + "nameField")
    label = _text(name_field, "label", "Name") if name_field is not None else "Name"
    fields = (
        record_id("Record ID"),
        _name_field(name_field, label),
        flag("IsDeleted", "Deleted", createable=False, updateable=False),
        *audit(),
    )
    return SObject(
        folder.name,
        _text(root, "label"),
        _text(root, "pluralLabel"),
        f"a0{DIGITS[serial]}",
        fields,
        custom=True,
        deletable=True,
    )


def _name_field(root: ElementTree.Element | None, label: str) -> Field:
    numbered = root is not None and _text(root, "type") == "AutoNumber"
    pattern = _text(root, "displayFormat", "{0}") if root is not None and numbered else None
    return text(
        "Name",
        80,
        label,
        name_field=True,
        auto_number=pattern,
        createable=not numbered,
        updateable=not numbered,
        lookup_key=True,
    )


def _field(path: Path, digest: hashlib._Hash) -> Field:
    root = _root(path)
    digest.update(path.read_bytes())
    name, kind, formula = (
        _text(root, "fullName"),
        _text(root, "type"),
        _text(root, "formula") or None,
    )
    if kind not in TYPES:
        raise ValueError(f"{path}: this simulator has no field type {kind!r}")
    checkbox, described = kind == "Checkbox", TYPES[kind]
    targets = tuple(e.text or "" for e in root.findall(SPACE + "referenceTo"))
    number = _text(root, "displayFormat", "{0}") if kind == "AutoNumber" else None
    required = _text(root, "required") == "true" or kind == "MasterDetail"
    return Field(
        name,
        described,
        _text(root, "label"),
        length=FORMULA_LENGTH
        if formula
        else int(_text(root, "length", str(LENGTHS.get(described, 255)))),
        nillable=not checkbox and not required,
        custom=True,
        createable=not (formula or number),
        updateable=not (formula or number or kind == "MasterDetail"),
        unique=_text(root, "unique") == "true",
        external_id=_text(root, "externalId") == "true",
        case_sensitive=_text(root, "caseSensitive") == "true",
        precision=int(_text(root, "precision", "0")),
        scale=int(_text(root, "scale", "0")),
        default=_text(root, "defaultValue") == "true" if checkbox else None,
        picklist=_picklist(root),
        restricted=_restricted(root),
        help_text=_text(root, "inlineHelpText") or None,
        reference_to=targets,
        relationship=name.replace("__c", "__r") if targets else None,
        child_relationship=_children(root) if targets else None,
        cascade=kind == "MasterDetail",
        formula=formula,
        auto_number=number,
        html=kind == "Html",
        masked=kind == "EncryptedText",
    )


def _children(root: ElementTree.Element) -> str | None:
    """`Seats` of the file is `Seats__r` in queries and describe()."""
    name = _text(root, "relationshipName")
    return f"{name}__r" if name else None


def _picklist(root: ElementTree.Element) -> tuple[str, ...]:
    values = root.findall(f"{SPACE}valueSet/{SPACE}valueSetDefinition/{SPACE}value")
    return tuple(_text(value, "fullName") for value in values)


def _restricted(root: ElementTree.Element) -> bool:
    found = root.find(f"{SPACE}valueSet/{SPACE}restricted")
    return found is not None and found.text == "true"


def _permission_set(path: Path) -> PermissionSet:
    root = _root(path)
    fields = {
        _text(e, "field").lower(): FieldRight(
            _text(e, "readable") == "true", _text(e, "editable") == "true"
        )
        for e in root.findall(SPACE + "fieldPermissions")
    }
    granted = [
        _text(e, "name")
        for e in root.findall(SPACE + "userPermissions")
        if _text(e, "enabled") == "true"
    ]
    name = path.name.removesuffix(".permissionset-meta.xml")
    return PermissionSet(name, _text(root, "label"), fields, frozenset(granted))
