"""Finding policies by name and by path."""

from pathlib import Path

import pytest

from config.policies import DEFAULT_POLICY, load_policy, policy_names
from sync.policy import PolicyError


def problem(name_or_path: str) -> str:
    with pytest.raises(PolicyError) as raised:
        load_policy(name_or_path)
    (only,) = raised.value.problems
    return only


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "acme.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_every_shipped_policy_is_found_by_the_name_it_gives_itself() -> None:
    assert policy_names() == ["natterbox-2022", "natterbox-2023"]
    assert [load_policy(name).name for name in policy_names()] == policy_names()


def test_the_default_is_the_policy_of_2022() -> None:
    assert load_policy() == load_policy("natterbox-2022")
    assert load_policy().name == DEFAULT_POLICY


def test_a_path_names_a_policy_of_ones_own(tmp_path: Path) -> None:
    assert load_policy(write(tmp_path, 'name = "acme"')).name == "acme"


def test_a_file_in_the_current_folder_needs_no_folder_in_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 'name = "acme"')
    monkeypatch.chdir(tmp_path)
    assert load_policy("acme.toml").name == "acme"


def test_the_mark_that_editors_on_windows_put_in_front_is_no_problem(tmp_path: Path) -> None:
    assert load_policy(write(tmp_path, b'\xef\xbb\xbfname = "acme"\r\n')).name == "acme"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    assert problem("natterbox") == (
        'There is no policy "natterbox"; name one of natterbox-2022, natterbox-2023, '
        "or the path of a TOML file."
    )
    assert problem("").startswith('There is no policy "";')


@pytest.mark.parametrize("path", ["nowhere/acme.toml", "acme.toml", "nowhere/acme"])
def test_a_missing_file_is_named(path: str) -> None:
    assert problem(path) == f"{path}: there is no such file; check the path."


def test_a_folder_is_no_policy(tmp_path: Path) -> None:
    assert problem(str(tmp_path)) == (
        f"{tmp_path}: cannot be read: Is a directory; check the path."
    )


def test_a_path_that_cannot_be_one_is_named() -> None:
    assert problem("a\0/b.toml").endswith("; check the path.")


def test_a_file_that_is_not_utf_8_says_so(tmp_path: Path) -> None:
    path = write(tmp_path, 'name = "acmé"'.encode("latin-1"))
    assert problem(path) == f"{path}: is not UTF-8; save it in that encoding."


@pytest.mark.parametrize("text", ['name = "a"\nname = "b"', "[needs]\n[needs]\n", "name = a"])
def test_what_is_no_toml_is_told_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    said = problem(path)
    assert said.startswith(f"{path}: is not valid TOML: ")
    assert "(at " in said
    assert said.endswith("; correct it there.")
    assert "\n" not in said


def test_problems_in_a_file_name_it_as_it_was_given(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    assert problem(path) == f"{path}: name: is missing; add it as text in quotes."
