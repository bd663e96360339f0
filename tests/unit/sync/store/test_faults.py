"""Which sentence an error of a database becomes."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import exc
from sqlalchemy.engine import make_url

from sync.store import make_engine
from sync.store.faults import place, unavailable

ENGINE = make_engine("postgresql://ann:secret@db.example:5433/sync")


@pytest.mark.parametrize(
    ("url", "where"),
    [
        (
            "postgresql://ann:secret@db.example:5433/sync?sslpassword=secret",
            "sync at db.example:5433",
        ),
        ("postgresql:///sync?host=/run/pg", "sync at /run/pg"),
        ("postgresql:///sync", "sync at on this machine"),
        ("sqlite:////var/lib/x.db", "/var/lib/x.db"),
        ("sqlite://", "in memory"),
    ],
)
def test_a_place_names_no_secret(url: str, where: str) -> None:
    assert place(make_url(url)) == where.replace("at on", "on")


def said(error: Exception) -> str:
    """The sentence for an error of a driver."""
    kind = exc.OperationalError if isinstance(error, sqlite3.Error) else exc.DBAPIError
    found = unavailable(ENGINE, kind("SELECT 1", {}, error))
    return "" if found is None else str(found)


@pytest.mark.parametrize(
    ("sqlstate", "words"),
    [
        ("40P01", "waiting for each other"),
        ("40001", "at odds"),
        ("55P03", "is busy"),
        ("57014", "took too long"),
        ("57P01", "shutting down"),
        ("57P03", "shutting down or starting"),
        ("53100", "disk is full"),
        ("53300", "no connection left"),
        ("28P01", "refused the login"),
        ("3D000", "does not exist"),
        ("42501", "refused the right"),
        ("42P01", "license-sync migrate"),
    ],
)
def test_codes_of_postgresql(sqlstate: str, words: str) -> None:
    error = psycopg.errors.lookup(sqlstate)("secret detail")
    assert words in said(error)
    assert "secret" not in said(error)
    assert said(error).startswith("The database sync at db.example:5433 ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("database is locked", "is busy"),
        ("database or disk is full", "free some space"),
        ("attempt to write a readonly database", "right to write"),
        ("database disk image is malformed", "restore it"),
        ("disk I/O error", "check the disk"),
    ],
)
def test_texts_of_sqlite(text: str, words: str) -> None:
    assert words in said(sqlite3.OperationalError(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('FATAL: password authentication failed for user "ann"', "refused the login"),
        ('FATAL: role "ann" does not exist', "refused the login"),
        ('FATAL: database "sync" does not exist', "does not exist on that server"),
        ("FATAL: sorry, too many clients already", "no connection left"),
        ("FATAL: the database system is starting up", "tried again"),
        ("connection refused", "cannot be reached: start it"),
    ],
)
def test_refused_connections_have_no_code(text: str, words: str) -> None:
    found = unavailable(ENGINE, exc.OperationalError("", {}, psycopg.OperationalError(text)))
    assert words in str(found)


OPTION = "has a wrong option or port in its URL: correct the database URL."
TLS = 'connection failed: connection to server at "127.0.0.1", port 1 failed: '


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (exc.ProgrammingError, 'invalid connection option "sslmod"\n', OPTION),
        (exc.ProgrammingError, "bad value for connect_timeout: 'abc'", OPTION),
        (exc.OperationalError, 'connection is bad: invalid sslmode value: "secret"', OPTION),
        (exc.OperationalError, 'connection is bad: invalid port number: "99999"', OPTION),
        (exc.OperationalError, 'connection is bad: weak sslmode "require" may not be', OPTION),
        (
            exc.OperationalError,
            TLS + 'root certificate file "/no/x.pem" does not exist\nEither provide the file, use',
            "does not prove who it is: name the file of its certificate authority in sslrootcert",
        ),
        (
            exc.OperationalError,
            TLS + 'could not read root certificate file "x.pem": no certificate or crl found',
            "does not prove who it is",
        ),
        (
            exc.OperationalError,
            TLS + "SSL error: certificate verify failed",
            "does not prove who it is",
        ),
        (
            exc.OperationalError,
            TLS + 'server certificate for "db.example" does not match host name "127.0.0.1"',
            "shows the certificate of another host: let the database URL name the host in it.",
        ),
        (
            exc.OperationalError,
            TLS + "server does not support SSL, but SSL was required",
            "has no TLS: turn it on there, or leave sslmode out where the network is your own.",
        ),
    ],
)
def test_options_of_the_url_and_tls(kind: type[exc.DBAPIError], text: str, words: str) -> None:
    driver = getattr(psycopg, kind.__name__)
    found = unavailable(ENGINE, kind("", {}, driver(text)))
    assert words in str(found)
    assert "secret" not in str(found)


@pytest.mark.parametrize("option", ["sslmod=require", "sslmode=bogus", "connect_timeout=x"])
def test_a_wrong_option_is_said_by_the_driver_as_expected(option: str) -> None:
    """Nothing is connected to: the driver refuses it before."""
    engine = make_engine(f"postgresql://ann@127.0.0.1:1/d?{option}")
    with pytest.raises(exc.DBAPIError) as caught:
        engine.connect()
    assert OPTION in str(unavailable(engine, caught.value))


def test_an_unknown_failure_is_tried_again() -> None:
    error = psycopg.errors.lookup("58030")("io")
    found = unavailable(ENGINE, exc.OperationalError("", {}, error))
    assert "failed (code 58030)" in str(found)


def test_no_connection_left_in_the_pool() -> None:
    found = unavailable(ENGINE, exc.TimeoutError("QueuePool limit"))
    assert found is not None
    assert "no connection left in this process" in str(found)


@pytest.mark.parametrize(
    "error",
    [
        exc.IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed")),
        exc.ProgrammingError("SELEC", {}, psycopg.errors.SyntaxError("syntax")),
        exc.InvalidRequestError("a mistake"),
    ],
)
def test_a_mistake_of_the_program_is_no_outage(error: exc.SQLAlchemyError) -> None:
    assert unavailable(ENGINE, error) is None
