"""Names of accounts: one spelling of a name is as good as another, in every place alike."""

from hypothesis import given
from hypothesis import strategies as st

from sync.errors import NotAllowed
from sync.ports.accounts import checked_name, digest, name_key

typed = st.text(st.characters(), max_size=20) | st.text("aÅ ﬁ\u00a0\u2003\u0301ẞİ", max_size=8)


@given(typed)
def test_what_finds_an_account_is_what_its_failures_are_counted_by(name: str) -> None:
    try:
        kept = checked_name(name)
    except NotAllowed:
        return
    assert name_key(kept) == name_key(name)
    assert checked_name(kept) == kept


@given(typed)
def test_a_name_takes_one_line_and_shows_all_of_itself(name: str) -> None:
    try:
        kept = checked_name(name)
    except NotAllowed:
        return
    assert "\n" not in kept
    assert "\u202e" not in kept
    assert kept.encode()


def test_a_digest_tells_nothing_and_is_always_the_same() -> None:
    assert digest("secret") == digest("secret") != digest("Secret")
    assert len(digest("\udcff")) == 64
