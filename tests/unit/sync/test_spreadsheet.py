"""Cells that a spreadsheet takes for text."""

import pytest

from sync.spreadsheet import csv_cell


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
