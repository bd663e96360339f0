"""What one running user may see and change: field-level security and user permissions.

Standard fields are visible to all; a custom field is visible only where a permission
set says so (deploying a field gives nobody access).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from simulator.schema.model import Field, PermissionSet, SObject

MANAGES_USERS = {"ManageUsers", "ManageInternalUsers"}


@dataclass(frozen=True)
class Access:
    user_id: str
    permission_sets: tuple[PermissionSet, ...]
    is_admin: bool = False
    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    system: bool = False  # triggers and flows run without regard to field-level security

    @cached_property
    def user_permissions(self) -> frozenset[str]:
        return frozenset().union(*(s.user_permissions for s in self.permission_sets))

    def may_edit(self, sobject: SObject) -> bool:
        """Setup objects can be edited by whoever may manage users; other objects by anyone here."""
        if self.system or sobject.name.lower() in self.closed:
            return self.system
        return not sobject.setup or self.is_admin or bool(self.user_permissions & MANAGES_USERS)

    def readable(self, sobject: SObject, field: Field) -> bool:
        if self.system or field.name.lower() in self.hidden:
            return self.system
        return not field.guarded or any(
            right.readable
            for s in self.permission_sets
            if (right := s.fields.get(_key(sobject, field)))
        )

    def editable(self, sobject: SObject, field: Field) -> bool:
        if (
            not field.updateable
            or field.name.lower() in self.read_only
            or not self.readable(sobject, field)
        ):
            return False
        return (
            not field.guarded
            or self.system
            or any(
                right.editable
                for s in self.permission_sets
                if (right := s.fields.get(_key(sobject, field)))
            )
        )

    def createable(self, sobject: SObject, field: Field) -> bool:
        """A field of a new record: some can be written then and never again."""
        if field.createable == field.updateable:
            return self.editable(sobject, field)
        return field.createable and field.name.lower() not in self.read_only

    @cached_property
    def _visible(self) -> dict[str, dict[str, Field]]:
        return {}

    @cached_property
    def _editable(self) -> dict[str, frozenset[str]]:
        return {}

    def visible_fields(self, sobject: SObject) -> dict[str, Field]:
        """By lower-case name, in the order of the object."""
        if sobject.name not in self._visible:
            self._visible[sobject.name] = {
                f.name.lower(): f for f in sobject.fields if self.readable(sobject, f)
            }
        return self._visible[sobject.name]

    def editable_fields(self, sobject: SObject) -> frozenset[str]:
        if sobject.name not in self._editable:
            self._editable[sobject.name] = frozenset(
                f.name for f in sobject.fields if self.editable(sobject, f)
            )
        return self._editable[sobject.name]

    @cached_property
    def _createable(self) -> dict[str, frozenset[str]]:
        return {}

    def createable_fields(self, sobject: SObject) -> frozenset[str]:
        if sobject.name not in self._createable:
            self._createable[sobject.name] = frozenset(
                f.name for f in sobject.fields if self.createable(sobject, f)
            )
        return self._createable[sobject.name]

    def find_readable(self, sobject: SObject, name: str) -> Field | None:
        return self.visible_fields(sobject).get(name.lower())


def _key(sobject: SObject, field: Field) -> str:
    return f"{sobject.name}.{field.name}".lower()
