"""What records say is shown as text, whatever it is."""

import pytest

from cli.output import plain, print_table, say


@pytest.mark.parametrize("hostile", ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\r"])
def test_no_text_steers_the_terminal(capsys: pytest.CaptureFixture[str], hostile: str) -> None:
    say(f"a{hostile}b")
    print_table(("x",), [(f"a{hostile}b",)], empty="")
    shown = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(shown)


def test_ordinary_text_of_any_script_stays() -> None:
    text = "O\u2019Brien \u5f35 \u05d0\u05d1\nline\ttab"
    assert plain(text) == text
