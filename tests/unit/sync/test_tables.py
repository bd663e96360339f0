"""Reading tables that people wrote. The messages are exercised through the policy's tests too."""

from sync.tables import TableReader, dotted, mend


def test_problems_are_collected_and_reading_goes_on() -> None:
    reader = TableReader("a.toml")
    table: dict[str, object] = {"one": 1, "two": "zwei"}
    assert reader.needed("x.one", table, str) is None
    assert reader.optional("x.two", table, str) == "zwei"
    assert reader.needed("x.three", table, bool) is None
    assert reader.optional("x.four", table, bool) is None
    assert reader.problems == [
        "a.toml: x.one: write text in quotes instead of a number.",
        "a.toml: x.three: is missing; add it as true or false.",
    ]


def test_true_is_no_number() -> None:
    reader = TableReader("a.toml")
    assert reader.of_kind("x", True, int) is None
    assert reader.problems == ["a.toml: x: write a number instead of true or false."]


def test_a_table_that_is_not_there_is_empty() -> None:
    reader = TableReader("a.toml")
    assert reader.table("x.y", {}) == {}
    assert reader.table("x.y", {"y": {"a": 1}}) == {"a": 1}
    assert reader.problems == []


def test_a_line_is_trimmed() -> None:
    reader = TableReader("a.toml")
    assert reader.line("x", {"x": " Words. "}) == "Words."
    assert reader.line("x", {"x": "  "}) == ""
    assert reader.line("y", {}) == ""
    assert reader.problems == [
        "a.toml: x: write one line of 1 to 200 characters.",
        "a.toml: y: is missing; add it as text in quotes.",
    ]


def test_a_choice_is_one_of_the_known_ones() -> None:
    reader = TableReader("a.toml")
    assert reader.choice("x", "red", ["red", "green"], "color")
    assert not reader.choice("x", "RED", ["red", "green"], "color")
    assert reader.problems == ['a.toml: x: unknown color "RED"; did you mean "red"?']


def test_keys_are_joined_by_dots() -> None:
    assert dotted("a", "", "b", "c") == "a.b.c"


def test_the_mend_is_the_word_that_was_meant_or_all_of_them() -> None:
    assert mend("contactcentre", ["PBX", "ContactCenter"]) == 'did you mean "ContactCenter"?'
    assert mend("x", ["PBX", "CTI"]) == "write one of PBX, CTI"
