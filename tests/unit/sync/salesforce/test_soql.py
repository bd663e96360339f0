"""Golden texts, and that nothing put into a literal gets out of it."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.salesforce import soql

STAMP = datetime(2022, 3, 17, 16, 21, 26, tzinfo=UTC)
ID = "0055f000005mc66AAA"


def test_the_keyset_of_a_scan_by_stamp() -> None:
    assert soql.select(
        ("Id", "Name"),
        "User",
        ["(UserType = 'Standard')", soql.comes_after(STAMP, ID)],
        ("SystemModstamp", "Id"),
        2000,
    ) == (
        "SELECT Id, Name FROM User WHERE (UserType = 'Standard') AND (SystemModstamp > "
        "2022-03-17T16:21:26Z OR (SystemModstamp = 2022-03-17T16:21:26Z AND "
        "Id > '0055f000005mc66AAA')) ORDER BY SystemModstamp, Id LIMIT 2000"
    )


def test_a_scan_from_a_stamp_takes_every_id_of_that_second() -> None:
    assert soql.comes_after(STAMP, "") == "SystemModstamp >= 2022-03-17T16:21:26Z"


def test_a_query_without_conditions() -> None:
    assert soql.select(["Id"], "User") == "SELECT Id FROM User"


def test_ids_in_a_list_become_18_characters() -> None:
    assert soql.one_of("Id", [ID[:15], ID]) == f"Id IN ('{ID}', '{ID}')"


def test_times_are_utc_whole_seconds_with_a_z() -> None:
    """0.3 item 14: REST prints +0000, which is no SOQL literal; SOQL needs a Z or a colon."""
    elsewhere = STAMP.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert soql.moment(elsewhere.replace(microsecond=999_999)) == "2022-03-17T16:21:26Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        soql.moment(STAMP.replace(tzinfo=None))


def test_a_string_is_escaped() -> None:
    assert soql.string('O\'Neil \\ "x"\n') == "'O\\'Neil \\\\ \\\"x\\\"\\n'"


def unescaped(literal: str) -> str:
    """A reading of string literals of our own, by the SOQL grammar."""
    meaning = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
    assert literal[0] == literal[-1] == "'"
    chars = iter(literal[1:-1])
    out = ""
    for char in chars:
        assert char not in "'\n\r"
        if char == "\\":
            escaped = next(chars)  # StopIteration: the closing quote would have been escaped
            out += meaning.get(escaped, escaped)
        else:
            out += char
    return out


@given(st.text())
def test_a_string_literal_means_exactly_its_text(text: str) -> None:
    assert unescaped(soql.string(text)) == text


@given(st.text())
def test_no_name_but_a_name_gets_into_a_query(text: str) -> None:
    try:
        query = soql.select([text], text, (), [text])
    except ValueError:
        assert not soql.is_name(text)
    else:
        assert query == f"SELECT {text} FROM {text} ORDER BY {text}"
        assert text.isascii()
        assert text.replace("_", "").isalnum()


@given(st.text())
def test_no_id_but_an_id_gets_into_a_query(text: str) -> None:
    try:
        literal = soql.record_id(text)
    except ValueError:
        return
    assert len(literal) == 20
    assert literal[1:-1].isalnum()


@pytest.mark.parametrize("name", ["Requested_CTI__c", "nbavs__User__c", "A"])
def test_api_names(name: str) -> None:
    assert soql.is_name(name)


@pytest.mark.parametrize("name", ["", "1A", "A B", "A;", "A_", "A___c", "Ä", "Profile.Name", "A\n"])
def test_what_is_no_api_name(name: str) -> None:
    assert not soql.is_name(name)


@pytest.mark.parametrize(
    ("values", "condition"),
    [
        (["Standard"], "(UserType = 'Standard')"),
        (["A", "it's"], "(UserType = 'A' OR UserType = 'it\\'s')"),
        ([True], "(UserType = true)"),
        ([False, "x"], "(UserType = false OR UserType = 'x')"),
    ],
)
def test_one_of_some_values(values: list[str | bool], condition: str) -> None:
    assert soql.has_value("UserType", values) == condition
