"""From a database's error to one sentence with the mend. Nothing of the URL's secrets is in it."""

from sqlalchemy import exc
from sqlalchemy.engine import URL, Engine

from sync.errors import StoreUnavailable

_SCHEMA = "has no tables of license-sync, or old ones: run `license-sync migrate` first."
_REFUSED = "refused the login: correct the database URL."
_FULL = "has no connection left: raise max_connections, or run fewer workers."
_OPTION = "has a wrong option or port in its URL: correct the database URL."
_UNPROVEN = (
    "does not prove who it is: name the file of its certificate authority in sslrootcert, "
    "in the database URL."
)
_BY_TEXT = (
    ("database is locked", "is busy: another process holds it; this is tried again."),
    ("database table is locked", "is busy: another process holds it; this is tried again."),
    ("disk is full", "cannot grow, the disk is full: free some space."),
    ("readonly database", "may only be read: give this user the right to write the file."),
    (
        "unable to open database file",
        "cannot be opened: check that its folder exists and may be written.",
    ),
    ("not a database", "is no SQLite database: restore it, or point the database URL elsewhere."),
    ("malformed", "is damaged: restore it from a backup."),
    ("disk i/o error", "cannot be read or written: check the disk."),
    ("no such table", _SCHEMA),
    ("no such column", _SCHEMA),
    ("password authentication failed", _REFUSED),
    ('role "', _REFUSED),
    ("no pg_hba.conf entry", _REFUSED),
    ("the database system is", "is shutting down or starting; this is tried again."),
    ("too many clients", _FULL),
    ("remaining connection slots", _FULL),
    ("invalid connection option", _OPTION),
    ("bad value for ", _OPTION),
    ("connection is bad: invalid ", _OPTION),
    ("connection is bad: weak sslmode", _OPTION),
    ("root certificate", _UNPROVEN),
    ("certificate verify failed", _UNPROVEN),
    (
        "does not match host name",
        "shows the certificate of another host: let the database URL name the host in it.",
    ),
    (
        "server does not support ssl",
        "has no TLS: turn it on there, or leave sslmode out where the network is your own.",
    ),
    ("does not exist", "does not exist on that server: create it, or correct the database URL."),
)
_BY_SQLSTATE = (
    ("40001", "had two changes at odds with each other; this is tried again."),
    ("40P01", "had two changes waiting for each other; this is tried again."),
    ("55P03", "is busy: another process holds the row; this is tried again."),
    ("57014", "took too long over one statement and gave up; this is tried again."),
    ("57P", "is shutting down or starting; this is tried again."),
    ("53100", "cannot grow, the disk is full: free some space."),
    ("53300", _FULL),
    ("28", _REFUSED),
    ("3D000", "does not exist on that server: create it, or correct the database URL."),
    ("42501", "refused the right to do this: make its user the owner of the tables."),
    ("42P01", _SCHEMA),
    ("42703", _SCHEMA),
)
_DOWN = "cannot be reached: start it, or correct the database URL."


def unavailable(engine: Engine, error: exc.SQLAlchemyError) -> StoreUnavailable | None:
    """The sentence for this error; None if it is a mistake in the program."""
    if isinstance(error, exc.TimeoutError):
        mend = "has no connection left in this process; this is tried again."
    elif isinstance(error, exc.DBAPIError):
        found = _mend(error)
        if found is None:
            return None
        mend = found
    else:
        return None
    return StoreUnavailable(f"The database {place(engine.url)} {mend}")


def place(url: URL) -> str:
    """Where a database is, for a person: no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return url.database or "in memory"
    host = url.host or url.query.get("host")
    port = f":{url.port}" if url.port else ""
    return f"{url.database or ''} {f'at {host}{port}' if host else 'on this machine'}".strip()


def _mend(error: exc.DBAPIError) -> str | None:
    text = str(error.orig).lower()
    sqlstate = getattr(error.orig, "sqlstate", None)
    for start, mend in _BY_SQLSTATE:
        if sqlstate is not None and sqlstate.startswith(start):
            return mend
    for part, mend in _BY_TEXT:
        if part in text:
            return mend
    if error.connection_invalidated or (
        isinstance(error, exc.OperationalError | exc.InterfaceError) and sqlstate is None
    ):
        return _DOWN
    if isinstance(error, exc.OperationalError):
        return f"failed (code {sqlstate}); this is tried again."
    return None
