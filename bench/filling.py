"""Rows as a large installation would have them, made by the database itself.

    fill(engine)    # an empty, migrated database; PostgreSQL or SQLite

Nine tenths of the users are the first org's; the others share the rest.
"""

import time
from collections.abc import Iterator, Mapping

from sqlalchemy import text
from sqlalchemy.engine import Engine

ORGS = tuple(f"org{number:02}" for number in range(20))
PLAN = 1
SIZES = {
    "known_user": 1_000_000,
    "conflict": 100_000,
    "history": 1_000_000,
    "run_item": 50_000,
    "pending_user": 20_000,
    "run": 2_000,
}
FIRST_NAMES = (
    "Ada", "Alan", "Ann", "Bea", "Bob", "Cora", "Dan", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo",
    "Kim", "Lea", "Max", "Nina", "Olaf", "Pia", "Ruth", "Sam", "Tom", "Una", "Vic", "Zora",
)  # fmt: skip

# What the databases say differently stands in braces.
_STATEMENTS = {
    "known_user": """
        INSERT INTO known_user (user_id, org, username, name, username_key, name_key, active,
            requested, requested_unknown, held, held_unknown, status, message, decided, modstamp,
            modified_at, modified_by, looked_at, mark)
        SELECT {id}, {org}, 'User' || i || '@acme.example', {name},
            'user' || i || '@acme.example', lower({name}), {yes}, {some}, '-', {some}, '-',
            'In sync', 'as requested', 'CF', {ago}, {ago}, NULL, {ago}, ''
        FROM {numbers}""",
    "conflict": """
        INSERT INTO conflict (id, org, user_id, username, username_key, kind, code, licenses,
            message, status, requested, held, kept, policy, opened_at, seen_at, seen_count,
            decided_by, decided_at, decided_keep, decided_requested, decided_held)
        SELECT i, {org}, {id}, 'User' || i || '@acme.example', 'user' || i || '@acme.example',
            CASE WHEN i % 3 = 0 THEN 'refusal' ELSE 'conflict' END,
            CASE WHEN i % 3 = 0 THEN 'needs_freedom' ELSE 'mutually_exclusive' END,
            CASE WHEN i % 5000 = 0 THEN 'I' WHEN i % 3 = 0 THEN 'C' ELSE 'FS' END,
            'Freedom and Service Cloud Voice exclude each other',
            CASE WHEN i % 100 = 1 THEN 'deciding' WHEN i % 10 = 2 THEN 'dismissed'
                WHEN i % 4 = 3 THEN 'resolved' ELSE 'open' END,
            {some}, {some}, 'F', 'natterbox-2022/1', {ago}, {ago}, 1 + i % 40,
            NULL, NULL, NULL, NULL, NULL
        FROM {numbers}""",
    "history": """
        INSERT INTO history (id, org, at, user_id, username, username_key, cause, actor,
            requested_before, requested_after, held_before, held_after, changed, status_after,
            why, policy, run_id, outcome)
        SELECT i, {org}, {ago}, {id}, 'User' || i || '@acme.example',
            'user' || i || '@acme.example',
            CASE WHEN i % 1000 = 7 THEN 'adopt' WHEN i % 100 = 8 THEN 'resolution'
                WHEN i % 3 = 0 THEN 'reconcile' ELSE 'poll' END,
            'admin' || (i % 5000) || '@acme.example', 'F', 'F', '-',
            {changed}, {changed},
            CASE WHEN i % 7 = 0 THEN 'Corrected' ELSE 'In sync' END, 'as requested',
            'natterbox-2022/1', CASE WHEN i % 20 = 0 THEN i / 50000 END,
            CASE WHEN i % 1000 = 3 THEN 'refused' WHEN i % 1000 = 4 THEN 'unknown'
                ELSE 'confirmed' END
        FROM {numbers}""",
    "run": """
        INSERT INTO run (id, org, kind, status, fingerprint, started_by, created_at, user_ids,
            whole_org, after_id, users_read, unsettled, removals, grants)
        SELECT i, {org}, CASE WHEN i % 5 = 1 THEN 'plan' ELSE 'reconcile' END, 'done', 'print',
            'license-sync', {ago}, '[]', {yes}, '', 1000, 10, 5, 5
        FROM {numbers}""",
    "run_item": """
        INSERT INTO run_item (run_id, user_id, username, requested, requested_after, held, after,
            status, why, hold)
        SELECT 1, {id}, 'User' || i || '@acme.example', 'F', 'F',
            CASE WHEN i % 10 = 0 THEN 'CF' WHEN i % 5000 = 1 THEN 'P' ELSE '-' END,
            CASE WHEN i % 100 = 2 THEN NULL WHEN i % 10 = 0 THEN 'C' ELSE 'CF' END,
            'In sync', 'as requested', '-'
        FROM {numbers}""",
    "pending_user": """
        INSERT INTO pending_user (org, user_id, username, version, cause, actor, priority, seen,
            noticed_at, due_at, attempts, error_code, error_reason, parked_at, hold, hold_version,
            requested, held)
        SELECT {org}, {id}, 'User' || i || '@acme.example', i, 'poll', '', 1, '', {ago}, {ago}, 3,
            'FIELD_CUSTOM_VALIDATION_EXCEPTION', 'Salesforce refused the write.',
            CASE WHEN i % 2 = 0 THEN {ago} END, '-', 0, 'F', '-'
        FROM {numbers}""",
}

_DIALECT = {
    "sqlite": {
        "org": "CASE WHEN i % 10 < 9 THEN 'org00' ELSE printf('org%02d', 1 + (i / 10) % 19) END",
        "id": "printf('005%012dAAA', i)",
        "ago": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || (({size} - i) * 31536000 / {size}) "
        "|| ' seconds') || '000'",
        "numbers": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < {size}) SELECT i FROM n)",
        "yes": "1",
    },
    "postgresql": {
        "org": "CASE WHEN i % 10 < 9 THEN 'org00' "
        "ELSE 'org' || lpad((1 + (i / 10) % 19)::text, 2, '0') END",
        "id": "'005' || lpad(i::text, 12, '0') || 'AAA'",
        "ago": "clock_timestamp() - (({size} - i) * (31536000.0 / {size})) * interval '1 second'",
        "numbers": "(SELECT generate_series(1, {size}) AS i) AS n",
        "yes": "true",
    },
}
_SOME = "CASE i % 7 WHEN 0 THEN '-' WHEN 1 THEN 'CF' WHEN 2 THEN 'S' ELSE 'CFB' END"
_WHENS = " ".join(f"WHEN {n} THEN '{name}'" for n, name in enumerate(FIRST_NAMES))
_FIRST = f"CASE i % 25 {_WHENS} END"
_PERSON = f"({_FIRST} || CASE WHEN i % 5000 = 24 THEN ' Quist' ELSE ' Smith' END)"

_CHANGED = "CASE WHEN i % 50000 = 0 THEN 'I' WHEN i % 2 = 0 THEN 'CF' ELSE 'B' END"
_WORDS = {"some": _SOME, "name": _PERSON, "changed": _CHANGED}


def is_filled(engine: Engine) -> bool:
    """Whether somebody has been here before."""
    with engine.connect() as connection:
        return bool(connection.execute(text("SELECT count(*) FROM run")).scalar_one())


def fill(engine: Engine, sizes: Mapping[str, int] = SIZES) -> Iterator[tuple[str, float]]:
    """Fill each table, and look at what it holds; the name of each part and its seconds."""
    words = _DIALECT[engine.dialect.name] | _WORDS
    for table in ("run", *(name for name in _STATEMENTS if name != "run")):
        begun = time.perf_counter()
        own = {name: word.replace("{size}", str(sizes[table])) for name, word in words.items()}
        _run(engine, _STATEMENTS[table].format(**own))
        yield table, time.perf_counter() - begun
    begun = time.perf_counter()
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT setval('history_id', max(id)) FROM history"))
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("RESET statement_timeout"))
    else:
        _run(engine, "UPDATE counter SET value = 1000000")
    yield "statistics", time.perf_counter() - begun


def _run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        bare = connection.execution_options(no_parameters=True)
        bare.exec_driver_sql(statement)
