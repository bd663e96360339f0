"""The select list, GROUP BY and HAVING of an aggregate query."""

from __future__ import annotations

from simulator.errors import ApiError
from simulator.soql import kinds
from simulator.soql.columns import AGGREGATES, DATE_FUNCTIONS, Column, Columns
from simulator.soql.refusals import malformed
from simulator.soql.shapes import AggregateShape
from simulator.soql.syntax import Call, Expression, Item, Path, Query

UNSERVED = frozenset({"ROLLUP", "CUBE", "GROUPING"})


def is_count(query: Query) -> bool:
    """`SELECT COUNT() FROM …`, which answers with a number of rows and no rows."""
    return any(
        isinstance(item.expression, Call)
        and item.expression.key == "COUNT"
        and not item.expression.arguments
        for item in query.items
    )


def is_grouped(query: Query) -> bool:
    return query.grouping is not None or any(
        isinstance(item.expression, Call)
        and item.expression.key in AGGREGATES | DATE_FUNCTIONS.keys()
        for item in query.items
    )


class Groups:
    """What an aggregate query may select, filter groups by and order by."""

    def __init__(self, query: Query, columns: Columns) -> None:
        self._query = query
        self._columns = columns
        expressions = query.grouping.expressions if query.grouping else ()
        self._grouped = [self._groupable(expression) for expression in expressions]
        self.sql: list[str] = []
        self.root = AggregateShape()
        if not expressions and query.limit is not None:
            raise malformed(
                "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
            )

    @property
    def clause(self) -> str:
        names = ", ".join(column.sql for column in self._grouped)
        return f" GROUP BY {names}" if names else ""

    def add(self, item: Item) -> None:
        """A field keeps its name, a function without an alias is called `exprN`."""
        column = self.column(item.expression)
        key = item.alias
        if key is None and isinstance(item.expression, Path):
            key = column.name
        if key is None:
            key = f"expr{sum(k.startswith('expr') for k, _, _ in self.root.entries)}"
        if any(key.lower() == known.lower() for known, _, _ in self.root.entries):
            raise malformed(f"duplicate alias: {key}")
        self.sql.append(column.sql)
        self.root.entries.append((key, len(self.sql) - 1, column.convert))

    def column(self, expression: Expression) -> Column:
        """An aggregate, or something that the query groups by."""
        self._refuse_unserved(expression)
        column = self._columns.of(expression)
        if not column.aggregate and column.sql not in {known.sql for known in self._grouped}:
            shown = expression.shown if isinstance(expression, Path) else column.name
            raise malformed(f"Field must be grouped or aggregated: {shown}")
        return column

    def _groupable(self, expression: Expression) -> Column:
        self._refuse_unserved(expression)
        column = self._columns.of(expression)
        if column.aggregate:
            raise self._refusal(expression, "aggregate functions cannot be grouped by")
        if column.field is not None and not kinds.groupable(column.field):
            message = f"field '{column.name}' can not be grouped in a query call"
            raise self._refusal(expression, message)
        return column

    def _refuse_unserved(self, expression: Expression) -> None:
        """Real orgs serve GROUP BY ROLLUP and CUBE; this simulator does not."""
        if isinstance(expression, Call) and expression.key in UNSERVED:
            raise self._refusal(expression, f"this simulator does not serve {expression.name}")

    def _refusal(self, expression: Expression, message: str) -> ApiError:
        return self._columns.refuse(expression, message)
