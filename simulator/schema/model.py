"""Frozen descriptions of objects and fields; every other module reads these."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


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
    default: bool | None = None
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    help_text: str | None = None
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    child_relationship: str | None = None
    formula: str | None = None

    @property
    def calculated(self) -> bool:
        """A formula field of an admin; `User.Name` is put together too, but not one."""
        return self.custom and self.formula is not None

    @property
    def stored_default(self) -> int | None:
        return int(bool(self.default)) if self.type == "boolean" else None


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
        return tuple(f.name for f in self.fields)

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

    def object(self, name: str) -> SObject | None:
        return self.objects.get(name.lower())

    def by_prefix(self, record_id: str) -> SObject | None:
        return next((o for o in self.objects.values() if o.prefix == record_id[:3]), None)
