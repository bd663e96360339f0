"""Where somebody is sent after signing in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.signin.places import own_path

HERE = "https://sync.acme.example"


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/", "/"),
        ("/conflicts?q=%2F%2Fx#a", "/conflicts?q=%2F%2Fx#a"),
        (f"{HERE}/conflicts", "/conflicts"),
        (HERE, None),
        (f"{HERE}//evil.example", None),
        (f"{HERE}.evil.example/", None),
        ("http://sync.acme.example/", None),
        ("conflicts", None),
        ("", None),
        ("///evil.example", None),
        ("/a b", None),
        ("/" + "a" * 2000, None),
    ],
)
def test_only_pages_of_ours(wanted: str, path: str | None) -> None:
    assert own_path(wanted, (HERE,)) == path


@given(st.text(alphabet="/\\.:@?#\t\n evil%hts", max_size=20))
def test_whatever_it_is_it_stays_here(wanted: str) -> None:
    path = own_path(wanted, (HERE,))
    if path is not None:
        assert path.startswith("/")
        assert path[1:2] not in ("/", "\\")
        assert path.isprintable()
