"""CSV files: a heading whatever happens, and how many rows came after it."""

import io

from cli.spreadsheets import write_rows


def test_rows_are_counted_without_the_heading() -> None:
    target = io.StringIO()
    assert write_rows(target, ("a",), [{"a": 1}, {"a": 2}]) == 2
    assert target.getvalue() == "a\r\n1\r\n2\r\n"


def test_without_rows_there_is_a_heading() -> None:
    target = io.StringIO()
    assert write_rows(target, ("a", "b"), []) == 0
    assert target.getvalue() == "a,b\r\n"
