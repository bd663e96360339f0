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
