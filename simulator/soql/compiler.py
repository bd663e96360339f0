"""Syntax tree to a plan: SQL text, parameters, and how a row becomes a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.soql.conditions import ConditionCompiler, collation
from simulator.soql.parser import located
from simulator.soql.syntax import Ordering, Path, Query
from simulator.values import Converter, to_json

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


@dataclass
class Node:
    """An object in the result: the queried one, or a parent reached through a relation."""

    sobject: SObject
    alias: str
    id_column: int
    entries: list[tuple[str, int, Converter | None]] = field(default_factory=list)
    parents: dict[str, Node] = field(default_factory=dict)

    def record(self, row: tuple[Any, ...], base: str) -> dict[str, Any] | None:
        record_id = row[self.id_column]
        if record_id is None:
            return None
        name = self.sobject.name
        found: dict[str, Any] = {"attributes": {"type": name, "url": f"{base}{name}/{record_id}"}}
        for key, column, convert in self.entries:
            found[key] = convert(row[column]) if convert else row[column]
        for key, parent in self.parents.items():
            found[key] = parent.record(row, base)
        return found


@dataclass(frozen=True)
class Plan:
    sobject: SObject
    root: Node
    columns: str
    tail: str
    order: str
    parameters: tuple[Any, ...]
    limit: int
    offset: int
    count_only: bool


class Compiler:
    """Compiles one query for one user; nothing that the user may not see has a name."""

    def __init__(self, query: Query, schema: Schema, access: Access) -> None:
        self._query = query
        self._schema = schema
        self._access = access
        sobject = schema.object(query.object.names[0]) if len(query.object.names) == 1 else None
        if sobject is None:
            raise self._error(
                query.object, "INVALID_TYPE", UNKNOWN_TYPE.format(".".join(query.object.names))
            )
        self._columns: list[str] = []
        self._joins: list[str] = []
        self._root = self._node(sobject, "t0")
        self._all: dict[tuple[str, ...], Node] = {(): self._root}

    def plan(self, *, deleted: bool = False) -> Plan:
        for path in self._query.fields:
            self._select(path)
        conditions = ConditionCompiler(self._query.text, self._resolve)
        where = [conditions.sql(self._query.where)] if self._query.where else []
        if self._root.sobject.deletable and not deleted:
            where.append('t0."IsDeleted" = 0')
        order = ", ".join(self._order(o) for o in self._query.order)
        tail = f"FROM {self._root.sobject.table} t0 " + " ".join(self._joins)
        return Plan(
            self._root.sobject,
            self._root,
            ", ".join(self._columns),
            tail + (" WHERE " + " AND ".join(where) if where else ""),
            f" ORDER BY {order}" if order else "",
            tuple(conditions.parameters),
            -1 if self._query.limit is None else self._query.limit,
            self._query.offset,
            count_only=not self._query.fields,
        )

    def _error(self, path: Path, code: str, message: str) -> ApiError:
        return located(self._query.text, path.place.start, code, message)

    def _node(self, sobject: SObject, alias: str) -> Node:
        self._columns.append(f'{alias}."Id"')
        return Node(sobject, alias, len(self._columns) - 1)

    def _find(self, path: Path, *, show: bool) -> tuple[Node, Field]:
        names = path.names
        mine = {self._root.sobject.name.lower(), (self._query.alias or "").lower()}
        if len(names) > 1 and names[0].lower() in mine:
            names = names[1:]
        node = self._root
        for depth, name in enumerate(names[:-1], 1):
            node = self._parent(
                path, node, tuple(n.lower() for n in names[:depth]), name, show=show
            )
        found = self._access.find_readable(node.sobject, names[-1])
        if found is None:
            raise self._error(
                path, "INVALID_FIELD", UNKNOWN_FIELD.format(names[-1], node.sobject.name)
            )
        return node, found

    def _parent(
        self, path: Path, node: Node, key: tuple[str, ...], name: str, *, show: bool
    ) -> Node:
        lookup = node.sobject.by_relationship.get(name.lower())
        target = self._schema.object(lookup.reference_to[0]) if lookup else None
        if (
            lookup is None
            or target is None
            or not self._access.readable(node.sobject, lookup)
            or len(key) > MAX_LEVELS
        ):
            raise self._error(path, "INVALID_FIELD", UNKNOWN_RELATION.format(name))
        parent = self._all.get(key)
        if parent is None:
            parent = self._node(target, f"t{len(self._all)}")
            self._all[key] = parent
            self._joins.append(
                f'LEFT JOIN {target.table} {parent.alias} ON {parent.alias}."Id" = '
                f'{node.alias}."{lookup.name}"'
            )
        if show and lookup.relationship:
            node.parents[lookup.relationship] = parent
        return parent

    def _select(self, path: Path) -> None:
        node, found = self._find(path, show=True)
        if any(key == found.name for key, _, _ in node.entries):
            raise self._error(path, "INVALID_FIELD", f"duplicate field selected: {found.name}")
        self._columns.append(f'{node.alias}."{found.name}"')
        node.entries.append((found.name, len(self._columns) - 1, to_json(found)))

    def _resolve(self, path: Path) -> tuple[str, Field]:
        node, found = self._find(path, show=False)
        return f'{node.alias}."{found.name}"', found

    def _order(self, ordering: Ordering) -> str:
        column, found = self._resolve(ordering.path)
        direction = "DESC" if ordering.descending else "ASC"
        nulls = "LAST" if ordering.nulls_last else "FIRST"
        if not found.nillable:
            return f"{column}{collation(found)} {direction}"
        return f"{column}{collation(found)} {direction} NULLS {nulls}"
