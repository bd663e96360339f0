"""Cells that a spreadsheet takes for text, and lines of them."""

import csv
from collections.abc import Iterator

import pytest

from sync.spreadsheet import csv_cell, csv_lines


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("ann", "ann"),
        (["CTI", "Freedom"], "CTI Freedom"),
        ("=cmd()", "'=cmd()"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("\uff1dcmd()", "'\uff1dcmd()"),
        ("\t=cmd()", "' =cmd()"),
        ("\n=cmd()", "' =cmd()"),
        ("  =cmd()", "'  =cmd()"),
        ("a\x1b[31mb", "a[31mb"),
        ("a=b", "a=b"),
    ],
)
def test_what_would_run_is_made_text(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_lines_read_back_as_what_they_were_made_of() -> None:
    rows = [{"a": 'say "x", y', "b": ["CTI", "SCV"]}, {"a": None, "more": 1}, {"b": "=x"}]
    lines = list(csv_lines(("a", "b"), rows))
    assert all(line.endswith("\r\n") and line.count("\n") == 1 for line in lines)
    assert list(csv.reader(lines)) == [
        ["a", "b"],
        ['say "x", y', "CTI SCV"],
        ["", ""],
        ["", "'=x"],
    ]


def test_a_line_is_there_before_the_next_row_is_asked_for() -> None:
    def rows() -> Iterator[dict[str, object]]:
        yield {"a": 1}
        raise AssertionError("asked too early")

    lines = csv_lines(("a",), rows())
    assert [next(lines), next(lines)] == ["a\r\n", "1\r\n"]
