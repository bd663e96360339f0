"""The objects that a query can name: the queried one, and parents behind its lookups."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.soql.refusals import located
from simulator.soql.syntax import Path, Query

MAX_LEVELS = 5
HINT = "Please reference your WSDL or the describe call for the appropriate names."
UNKNOWN_TYPE = (
    "sObject type '{}' is not supported. If you are attempting to use a custom object, "
    f"be sure to append the '__c' after the entity name. {HINT}"
)
UNKNOWN_FIELD = (
    "No such column '{}' on entity '{}'. If you are attempting to use a custom field, "
    f"be sure to append the '__c' after the custom field name. {HINT}"
)
UNKNOWN_RELATION = (
    "Didn't understand relationship '{}' in field path. If you are attempting to use a custom "
    f"relationship, be sure to append the '__r' after the custom relationship name. {HINT}"
)


@dataclass(frozen=True)
class Table:
    """An object in the FROM clause of the SQL, and the relationship names that lead to it."""

    sobject: SObject
    alias: str
    names: tuple[str, ...]

    def column(self, name: str) -> str:
        return f'{self.alias}."{name}"'


class Scope:
    """Resolves paths for one user; nothing that the user may not see has a name."""

    def __init__(self, query: Query, sobject: SObject, schema: Schema, access: Access) -> None:
        self.query = query
        self.schema = schema
        self.access = access
        self.root = Table(sobject, "t0", ())
        self._tables: dict[tuple[str, ...], Table] = {(): self.root}
        self._joins: list[str] = []
        self._prefixes = self._names(query)

    @property
    def from_clause(self) -> str:
        """Grows while paths are resolved: ask for it last."""
        return " ".join([f"FROM {self.root.sobject.table} t0", *self._joins])

    def find(self, path: Path) -> tuple[Table, Field]:
        """The field that a path names, and the table that holds it."""
        names = self._stripped(path.names)
        table = self.root
        for depth, name in enumerate(names[:-1], 1):
            table = self._parent(path, table, names[:depth], name)
        found = self.access.find_readable(table.sobject, names[-1])
        if found is None:
            raise self.refuse(
                path, "INVALID_FIELD", UNKNOWN_FIELD.format(names[-1], table.sobject.name)
            )
        return table, found

    def table(self, names: tuple[str, ...]) -> Table:
        """A table that a path has led to already, by its relationship names."""
        return self._tables[tuple(name.lower() for name in names)]

    def refuse(self, path: Path, code: str, message: str) -> ApiError:
        return located(self.query.text, path.place.start, code, message)

    def _names(self, query: Query) -> dict[str, tuple[str, ...]]:
        """What may stand before a path: the object's name, aliases, aliases of parents."""
        first, *others = query.sources
        known: dict[str, tuple[str, ...]] = {self.root.sobject.name.lower(): ()}
        for name in (first.path.names[-1], first.alias):
            if name:
                known[name.lower()] = ()
        for source in others:
            head, *rest = source.path.names
            if head.lower() not in known or not rest or not source.alias:
                message = (
                    "A driving SObject type has already been set, all other entity types in the "
                    "FROM clause must be relationships to the initial object."
                )
                raise self.refuse(source.path, "MALFORMED_QUERY", message)
            known[source.alias.lower()] = (*known[head.lower()], *rest)
        return known

    def _stripped(self, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) == 1 or names[0].lower() not in self._prefixes:
            return names
        return (*self._prefixes[names[0].lower()], *names[1:])

    def _parent(self, path: Path, table: Table, names: tuple[str, ...], name: str) -> Table:
        lookup = table.sobject.by_relationship.get(name.lower())
        target = self.schema.object(_target(lookup)) if lookup else None
        if (
            lookup is None
            or target is None
            or not self.access.readable(table.sobject, lookup)
            or len(names) > MAX_LEVELS
        ):
            raise self.refuse(path, "INVALID_FIELD", UNKNOWN_RELATION.format(name))
        key = tuple(n.lower() for n in names)
        if key not in self._tables:
            alias = f"t{len(self._tables)}"
            self._tables[key] = Table(target, alias, (*table.names, str(lookup.relationship)))
            self._joins.append(
                f'LEFT JOIN {target.table} {alias} ON {alias}."Id" = {table.column(lookup.name)}'
            )
        return self._tables[key]


def find_object(query: Query, schema: Schema) -> SObject:
    """The object that a top-level query reads, or INVALID_TYPE as recorded."""
    path = query.object
    sobject = schema.object(path.names[0]) if len(path.names) == 1 else None
    if sobject is None:
        message = UNKNOWN_TYPE.format(path.shown)
        raise located(query.text, path.place.start, "INVALID_TYPE", message)
    return sobject


def _target(lookup: Field) -> str:
    """Of several possible parents the user, who owns most records; others then show as null."""
    return "User" if "User" in lookup.reference_to else lookup.reference_to[0]
