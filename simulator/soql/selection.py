"""The select list of a query that returns records."""

from __future__ import annotations

from simulator.errors import ApiError
from simulator.schema.model import Field
from simulator.soql.columns import PLAIN, Column, Columns
from simulator.soql.formatting import formatter
from simulator.soql.periods import Moment
from simulator.soql.refusals import MALFORMED, malformed
from simulator.soql.scope import Scope, Table
from simulator.soql.shapes import RecordShape
from simulator.soql.syntax import Call, Expression, Item, Path
from simulator.values import Converter, to_json

MOST_ROWS_OF_ALL = 200


class Selection:
    """Collects the SQL columns, and the shape that reads them."""

    def __init__(self, scope: Scope, columns: Columns, moment: Moment | None) -> None:
        self._scope = scope
        self._columns = columns
        self._moment = moment
        self.sql: list[str] = []
        self.root = self._new_shape(scope.root)

    def add(self, item: Item) -> None:
        match item.expression:
            case Path() as path:
                if item.alias:
                    raise malformed("only aggregate expressions use field aliasing")
                self._add_field(*self._scope.find(path))
            case Call(key="FIELDS") as call:
                self._add_group(call)
            case Call(key="FORMAT") as call:
                path, column = self._wrapped(self._columns.argument(call))
                self._add_worked(path, column, item.alias, formatter(column, self._moment))
            case Call(key=key) as call if key in PLAIN:
                path, column = self._wrapped(call)
                self._add_worked(path, column, item.alias, column.convert)
            case call:
                raise self._columns.refuse(call, f"Invalid function name: {call.name}")

    def index(self, sql: str) -> int:
        """The position of this column in the row, which may be new."""
        self.sql.append(sql)
        return len(self.sql) - 1

    def _new_shape(self, table: Table) -> RecordShape:
        return RecordShape(table.sobject, self.index(table.column("Id")))

    def _shape(self, table: Table) -> RecordShape:
        shape = self.root
        for depth, name in enumerate(table.names, 1):
            if name not in shape.parents:
                parent = self._new_shape(self._scope.table(table.names[:depth]))
                parent.place = len(shape.entries)
                shape.parents[name] = parent
            shape = shape.parents[name]
        return shape

    def _add_field(self, table: Table, field: Field) -> None:
        shape = self._shape(table)
        index = self.index(table.column(field.name))
        self._enter(shape, field.name, index, to_json(field))

    def _add_worked(
        self, path: Path, column: Column, alias: str | None, convert: Converter | None
    ) -> None:
        """A function of a field stands where the field would, or under its alias at the top."""
        table, field = self._scope.find(path)
        shape = self.root if alias else self._shape(table)
        self._enter(shape, alias or field.name, self.index(column.sql), convert)

    def _wrapped(self, expression: Expression) -> tuple[Path, Column]:
        """The field inside functions that select as it does, and its column."""
        column = self._columns.of(expression)
        while isinstance(expression, Call):
            expression = self._columns.argument(expression)
        return expression, column

    def _enter(self, shape: RecordShape, key: str, index: int, convert: Converter | None) -> None:
        if any(key == known for known, _, _ in shape.entries):
            raise ApiError(400, "INVALID_FIELD", f"duplicate field selected: {key}")
        shape.entries.append((key, index, convert))

    def _add_group(self, call: Call) -> None:
        """FIELDS(ALL), FIELDS(STANDARD), FIELDS(CUSTOM): what the user may see of them.

        The documented bounds by `WHERE Id IN (…)` instead of LIMIT are not taken.
        """
        argument = self._columns.argument(call)
        group = argument.shown.upper() if isinstance(argument, Path) else ""
        if group not in ("ALL", "STANDARD", "CUSTOM"):
            message = "Invalid FIELDS keyword: must be ALL, STANDARD or CUSTOM"
            raise self._scope.refuse(Path((), argument.place), MALFORMED, message)
        limit = self._scope.query.limit
        if group != "STANDARD" and (limit is None or limit > MOST_ROWS_OF_ALL):
            raise malformed(
                f"The SOQL FIELDS function must have a LIMIT of at most {MOST_ROWS_OF_ALL}"
            )
        root = self._scope.root
        fields = [
            field
            for field in self._scope.access.visible_fields(root.sobject).values()
            if group == "ALL" or field.custom == (group == "CUSTOM")
        ]
        if not fields and len(self._scope.query.items) == 1:
            raise malformed(
                "'FIELDS(...)' expansion function must result in at least one field being selected."
            )
        for field in fields:
            self._add_field(root, field)
