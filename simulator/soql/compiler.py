"""Syntax tree to a plan, for one user; nothing that the user may not see has a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.errors import ApiError
from simulator.schema.access import Access
from simulator.schema.model import Field, Schema, SObject
from simulator.soql import kinds
from simulator.soql.columns import Column, Columns
from simulator.soql.conditions import ConditionCompiler
from simulator.soql.grouping import Groups, is_count, is_grouped
from simulator.soql.periods import Moment
from simulator.soql.plan import ChildPlan, Plan
from simulator.soql.refusals import MALFORMED, located
from simulator.soql.relations import check_sub_select, find_children
from simulator.soql.scope import Scope, find_object
from simulator.soql.selection import Selection
from simulator.soql.syntax import Expression, InQuery, Ordering, Query

AMONG = "IN (SELECT value FROM json_each(?))"
BY_ID = ("", 't0."Id" ASC')


class Compiler:
    """Compiles one query. A nested one names no object: it is given, with its lookup to the parent.

    `moment` is when and for whom the query runs; without one there are no date literals.
    """

    def __init__(
        self,
        query: Query,
        schema: Schema,
        access: Access,
        moment: Moment | None = None,
        *,
        sobject: SObject | None = None,
        lookup: Field | None = None,
    ) -> None:
        self._query = query
        self._schema = schema
        self._access = access
        self._moment = moment
        self._lookup = lookup
        self._sobject = sobject or find_object(query, schema)
        self._scope = Scope(query, self._sobject, schema, access)
        self._columns = Columns(self._scope, moment)
        self._groups = Groups(query, self._columns) if self._is_grouped() else None
        self._selection = Selection(self._scope, self._columns, moment)
        self._conditions = ConditionCompiler(query.text, self._filtered, self._sub_select, moment)

    def plan(self, *, deleted: bool = False) -> Plan:
        """`deleted`: rows in the recycle bin count, too."""
        part = self._groups or self._selection
        if not is_count(self._query):
            for item in self._query.items:
                part.add(item)
        children = self._children(deleted=deleted)
        where = self._where(deleted=deleted)
        order = ", ".join(self._order(ordering) for ordering in self._query.order)
        tail = self._scope.from_clause + where + self._grouping()
        return Plan(
            self._sobject,
            part.root,
            ", ".join(part.sql),
            tail,
            f" ORDER BY {order}" if order else "",
            tuple(self._conditions.parameters),
            -1 if self._query.limit is None else self._query.limit,
            self._query.offset,
            count_only=is_count(self._query),
            children=children,
            whole=not (where or self._groups) and self._unlimited() and order in BY_ID,
        )

    def plan_for_ids(self) -> Plan:
        """The same columns of given records: the one parameter is a JSON list of their ids."""
        query = replace(self._query, where=None, scope=None, order=(), offset=0)
        bare = Compiler(query, self._schema, self._access, self._moment, sobject=self._sobject)
        found = bare.plan(deleted=True)
        return replace(found, tail=f'{found.tail} WHERE t0."Id" {AMONG}', limit=-1)

    def _unlimited(self) -> bool:
        return self._query.limit is None and not self._query.offset

    def _is_grouped(self) -> bool:
        if is_count(self._query):
            if len(self._query.items) > 1 or self._query.children or self._query.grouping:
                message = "COUNT() must be the only element in the SELECT list"
                raise located(
                    self._query.text,
                    self._query.items[0].expression.place.start,
                    MALFORMED,
                    message,
                )
            return False
        return is_grouped(self._query)

    def _where(self, *, deleted: bool) -> str:
        parts = []
        if self._query.where is not None:
            parts.append(self._conditions.sql(self._query.where))
        if self._query.scope == "mine" and self._sobject.field("OwnerId"):
            self._conditions.parameters.append(self._access.user_id)
            parts.append('t0."OwnerId" = ?')
        if self._sobject.deletable and not deleted:
            parts.append('t0."IsDeleted" = 0')
        if self._lookup is not None:
            parts.append(f't0."{self._lookup.name}" {AMONG}')
        return " WHERE " + " AND ".join(parts) if parts else ""

    def _grouping(self) -> str:
        if self._groups is None:
            return ""
        having = self._query.grouping.having if self._query.grouping else None
        if having is None:
            return self._groups.clause
        conditions = ConditionCompiler(
            self._query.text, self._groups.column, self._sub_select, self._moment
        )
        sql = conditions.sql(having)
        self._conditions.parameters.extend(conditions.parameters)
        return f"{self._groups.clause} HAVING {sql}"

    def _filtered(self, expression: Expression) -> Column:
        column = self._columns.of(expression)
        if column.aggregate:
            raise self._columns.refuse(expression, "aggregate functions are not allowed in WHERE")
        if column.field is not None and not kinds.filterable(column.field):
            raise self._unusable(expression, "INVALID_FIELD", column, "filtered")
        return column

    def _order(self, ordering: Ordering) -> str:
        resolve = self._groups.column if self._groups else self._columns.of
        column = resolve(ordering.expression)
        if column.aggregate and not self._groups:
            raise self._columns.refuse(ordering.expression, "aggregate functions need GROUP BY")
        if column.field is not None and not kinds.sortable(column.field):
            raise self._unusable(ordering.expression, MALFORMED, column, "sorted")
        direction = "DESC" if ordering.descending else "ASC"
        if column.field is not None and not column.field.nillable:
            return f"{column.collated} {direction}"
        return f"{column.collated} {direction} NULLS {'LAST' if ordering.nulls_last else 'FIRST'}"

    def _unusable(self, expression: Expression, code: str, column: Column, how: str) -> ApiError:
        message = f"field '{column.name}' can not be {how} in a query call"
        return located(self._query.text, expression.place.start, code, message)

    def _children(self, *, deleted: bool) -> tuple[ChildPlan, ...]:
        return tuple(self._child(child, deleted=deleted) for child in self._query.children)

    def _child(self, child: Query, *, deleted: bool) -> ChildPlan:
        if self._lookup is not None or self._groups or is_grouped(child):
            message = "only root queries support aggregate expressions"
            raise located(self._query.text, child.object.place.start, MALFORMED, message)
        key, compiler, lookup = self.child_compiler(child)
        plan = compiler.plan(deleted=deleted)
        wider = replace(plan, columns=f'{plan.columns}, t0."{lookup.name}"')
        return ChildPlan(key, wider)

    def child_compiler(self, child: Query) -> tuple[str, Compiler, Field]:
        """The key of a nested query in the answer, what compiles it, and the lookup behind it."""
        key, sobject, lookup = find_children(
            child, self._query, self._sobject, self._schema, self._access
        )
        compiler = Compiler(
            child, self._schema, self._access, self._moment, sobject=sobject, lookup=lookup
        )
        return key, compiler, lookup

    def _sub_select(self, in_query: InQuery, left: Column) -> tuple[str, tuple[Any, ...]]:
        """SQL of the ids that a semi-join compares with, blanks left out."""
        path = check_sub_select(in_query, left, self._sobject)
        inner = Compiler(in_query.query, self._schema, self._access, self._moment)
        plan = inner.plan()
        column = inner._columns.of(path).sql
        joined = "AND" if " WHERE " in plan.tail else "WHERE"
        return f"SELECT {column} {plan.tail} {joined} {column} IS NOT NULL", plan.parameters
