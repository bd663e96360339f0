"""A secret is found wherever the program could have left it."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.chaos.books import SqliteBooks
from tests.chaos.searching import secrets_in_files, secrets_in_tables

SECRET = [re.compile(rb"hunter2"), re.compile(rb"xyzzy")]


def test_a_secret_in_a_log_is_found(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "up.log").write_text("nothing here")
    (tmp_path / "state" / "broker.aof").write_bytes(b"\x00args: hunter2\xff")
    assert secrets_in_files(tmp_path, SECRET) == ["file broker.aof"]


def test_a_folder_without_files_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        secrets_in_files(tmp_path, SECRET)


def test_a_secret_in_a_table_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE calm (what TEXT)")
        database.execute("CREATE TABLE history (id INTEGER, error TEXT)")
        database.execute("INSERT INTO history VALUES (1, NULL), (2, 'token xyzzy was refused')")
        database.commit()
    assert secrets_in_tables(SqliteBooks(path), SECRET) == ["table history"]
