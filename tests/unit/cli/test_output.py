"""What records say is shown as text, whatever it is."""

import json

import pytest

from cli.output import plain, print_json_array, print_table, say


@pytest.mark.parametrize("hostile", ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\r", "\u202e"])
def test_no_text_steers_the_terminal(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    say(f"a{hostile}b")
    print_table(("x",), [(f"a{hostile}b",)], empty="")
    shown = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(shown)


def test_ordinary_text_of_any_script_stays() -> None:
    text = "O\u2019Brien \u5f35 \u05d0\u05d1 \u200e \U0001f3a7"
    assert plain(text) == text


def test_no_text_makes_lines_of_its_own() -> None:
    assert plain("ann\nresolved by\tthe boss\r") == "ann resolved by the boss "


@pytest.mark.parametrize("text", ["\x9b31m", "\x7f", "\u202eabc", "\x1b[2J", "O\u2019Brien"])
def test_json_means_the_same_and_steers_nothing(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    print_json_array([{"name": text}])
    shown = capsys.readouterr().out
    assert json.loads(shown) == [{"name": text}]
    assert not {"\x1b", "\x9b", "\x7f", "\u202e"} & set(shown)
