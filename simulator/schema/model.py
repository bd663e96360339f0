"""Frozen descriptions of objects and fields; every other module reads these."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field, in the words of describe()."""

    name: str
    type: str
    label: str
    length: int = 0
    nillable: bool = True
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    name_field: bool = False
    unique: bool = False
    default: bool | str | float | None = None
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    help_text: str | None = None
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    formula: str | None = None
    child_relationship: str | None = None
    cascade: bool = False
    external_id: bool = False
    lookup_key: bool = False
    case_sensitive: bool = False
    precision: int = 0
    scale: int = 0
    auto_number: str | None = None
    compound: str | None = None
    html: bool = False
    masked: bool = False
    open: bool = False

    @property
    def calculated(self) -> bool:
        """A formula field of an admin; `User.Name` is put together too, but not one."""
        return self.custom and self.formula is not None

    @property
    def guarded(self) -> bool:
        """Only a permission set shows it. Fields of TOML objects are open, as they have none;
        required ones and masters cannot appear in a permission set (documented).
        """
        optional = self.nillable or self.type == "boolean"
        return self.custom and optional and not self.open

    @property
    def virtual(self) -> bool:
        """Not stored but made of its parts: a compound address."""
        return self.type == "address"

    @property
    def id_lookup(self) -> bool:
        """Whether a record can be named by this field in an upsert."""
        return self.type == "id" or self.external_id or self.lookup_key

    @property
    def polymorphic(self) -> bool:
        return len(self.reference_to) > 1

    @property
    def stored_default(self) -> Any:
        return int(bool(self.default)) if self.type == "boolean" else self.default


@dataclass(frozen=True)
class SObject:
    """One object and its fields, looked up without regard to case."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: tuple[Field, ...]
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = False
    setup: bool = False

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {f.name.lower(): f for f in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        return {f.relationship.lower(): f for f in self.fields if f.relationship}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """What can be selected: every field, compound ones included."""
        return tuple(f.name for f in self.fields)

    @cached_property
    def stored_columns(self) -> tuple[str, ...]:
        """What is written: every field but those that are made of others."""
        return tuple(f.name for f in self.fields if not f.virtual)

    @cached_property
    def parts(self) -> dict[str, tuple[Field, ...]]:
        """The parts of each compound field."""
        return {
            c.name: tuple(f for f in self.fields if f.compound == c.name)
            for c in self.fields
            if c.virtual
        }

    @cached_property
    def references(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.type == "reference")

    @cached_property
    def unique_fields(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.unique)

    @property
    def name_field(self) -> Field | None:
        return next((f for f in self.fields if f.name_field), None)

    @cached_property
    def formulas(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.formula is not None)

    @property
    def table(self) -> str:
        return f'"so_{self.name}"'

    def field(self, name: str) -> Field | None:
        return self.by_name.get(name.lower())


@dataclass(frozen=True)
class FieldRight:
    readable: bool
    editable: bool


@dataclass(frozen=True)
class PermissionSet:
    """What a permission set file grants; custom fields are visible through these alone."""

    name: str
    label: str
    fields: dict[str, FieldRight]
    user_permissions: frozenset[str]


@dataclass(frozen=True)
class Schema:
    objects: dict[str, SObject]
    permission_sets: dict[str, PermissionSet]
    fingerprint: str = field(default="")
    channels: dict[str, tuple[SObject, ...]] = field(default_factory=dict)

    def object(self, name: str) -> SObject | None:
        return self.objects.get(name.lower())

    def children(self, sobject: SObject) -> list[tuple[SObject, Field]]:
        """Every lookup that points to this object, with the object that has it."""
        return [
            (child, field)
            for child in self.objects.values()
            for field in child.references
            if sobject.name in field.reference_to
        ]

    def by_prefix(self, record_id: str) -> SObject | None:
        return next((o for o in self.objects.values() if o.prefix == record_id[:3]), None)
