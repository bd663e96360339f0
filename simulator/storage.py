"""Tables and indexes for the objects of the schema, and their growth when the schema grows."""

from __future__ import annotations

from simulator.compound import address_sql
from simulator.database import Database
from simulator.records import compile_formulas
from simulator.schema.model import Field, Schema, SObject
from simulator.uniqueness import is_indexed, keyed

COLUMN_TYPES = {
    "boolean": "INTEGER NOT NULL DEFAULT {}",
    "datetime": "INTEGER",
    "int": "INTEGER",
    "double": "REAL",
    "currency": "REAL",
    "percent": "REAL",
}


def prepare(database: Database, schema: Schema) -> None:
    """Creates what is missing; a changed schema also has its formulas worked out anew."""
    with database.transaction():
        for sobject in schema.objects.values():
            _create(database, sobject)
        if database.setting("schema") != schema.fingerprint:
            for sobject in schema.objects.values():
                _recompute(database, sobject)
            database.set_setting("schema", schema.fingerprint)


def index(database: Database, schema: Schema) -> None:
    """What makes pages and look-ups quick; built after seeding, in one go.

    The order of ids needs no index of its own: it is the primary key's.
    """
    with database.transaction():
        for sobject in schema.objects.values():
            _index(database, sobject, f"stamp_{sobject.name}", "SystemModstamp, Id")
            for field in sobject.fields:
                if is_indexed(sobject, field):
                    _index(database, sobject, f"key_{sobject.name}_{field.name}", keyed(field))


def _index(database: Database, sobject: SObject, name: str, columns: str) -> None:
    database.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON {sobject.table} ({columns})')


def _column(sobject: SObject, field: Field) -> str:
    if field.virtual:
        return f'"{field.name}" TEXT GENERATED ALWAYS AS ({address_sql(sobject, field)}) VIRTUAL'
    kind = COLUMN_TYPES.get(field.type, "TEXT").format(field.stored_default)
    key = " PRIMARY KEY" if field.name == "Id" else ""
    return f'"{field.name}" {kind}{key}'


def _create(database: Database, sobject: SObject) -> None:
    columns = ", ".join(_column(sobject, f) for f in sobject.fields)
    database.execute(f"CREATE TABLE IF NOT EXISTS {sobject.table} ({columns})")
    present = {row[1] for row in database.execute(f"PRAGMA table_xinfo({sobject.table})")}
    for field in sobject.fields:
        if field.name not in present:
            database.execute(f"ALTER TABLE {sobject.table} ADD COLUMN {_column(sobject, field)}")


def _recompute(database: Database, sobject: SObject) -> None:
    for field, formula in compile_formulas(sobject):
        columns = ", ".join(f'"{c}"' for c in sobject.columns)
        rows = database.execute(f"SELECT {columns} FROM {sobject.table}").fetchall()
        values = [(formula(dict(zip(sobject.columns, row, strict=True))), row[0]) for row in rows]
        database.executemany(f'UPDATE {sobject.table} SET "{field.name}" = ? WHERE Id = ?', values)
