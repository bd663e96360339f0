import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.salesforce.wording import DETAIL_LIMIT, plain

TOKENS = (
    "00D5f000005mc66!AR8AQ.abc_DEF",
    "00D5f000005mc66EAA!AR8AQ.abc_DEF",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl",
    "Bearer abc.def",
    "Basic YTpi",
    "-----BEGIN PRIVATE KEY-----\nMIIEabc\n-----END PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEabc",
)


@pytest.mark.parametrize("token", TOKENS)
def test_what_looks_like_a_token_is_hidden(token: str) -> None:
    said = plain(f"the call with\n {token} failed")
    assert token not in said
    assert not any(part in said for part in ("AR8AQ", "eyJ", "abc", "YTpi", "MIIE"))
    assert said.startswith("the call with [hidden]")


@given(st.text(min_size=8), st.text(), st.text())
def test_a_secret_never_comes_through(secret: str, before: str, after: str) -> None:
    assert secret not in plain(before + secret + after, secrets=[secret], limit=10_000).replace(
        "[hidden]", ""
    )


def test_a_secret_in_the_form_of_a_url_is_hidden() -> None:
    assert plain("client_secret=a%2Fb+c%26d.", secrets=["a/b c&d"]) == "client_secret=[hidden]."


@given(st.text())
def test_the_answer_is_one_printable_line_of_bounded_length(text: str) -> None:
    said = plain(text * 40)
    assert len(said) <= DETAIL_LIMIT
    assert said.isprintable()
    assert said == said.strip()
