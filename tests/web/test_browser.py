"""Which Chromium the tests take, and what is said where there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import browser


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine with nothing on its path, and no packages."""
    monkeypatch.delenv(browser.SETTING, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(browser, "FOLDER", tmp_path / "venv" / "browser")
    (tmp_path / "bin").mkdir()
    browser.find.cache_clear()
    yield
    browser.find.cache_clear()


def _executable(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_setting_comes_before_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = _executable(tmp_path / "bin" / "chromium")
    assert browser.find() == installed
    browser.find.cache_clear()
    chosen = _executable(tmp_path / "mine")
    monkeypatch.setenv(browser.SETTING, str(chosen))
    assert browser.find() == chosen


def test_chromium_comes_before_chrome(tmp_path: Path) -> None:
    _executable(tmp_path / "bin" / "google-chrome")
    chromium = _executable(tmp_path / "bin" / "chromium-browser")
    assert browser.find() == chromium


def test_a_setting_that_cannot_be_run_is_no_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _executable(tmp_path / "bin" / "chromium")
    monkeypatch.setenv(browser.SETTING, str(tmp_path / "missing"))
    with pytest.raises(browser.NoBrowser, match="which cannot be run: install Chromium, or set"):
        browser.find()


def test_a_machine_that_none_can_be_brought_to_says_what_to_install() -> None:
    with pytest.raises(browser.NoBrowser, match=r"There is no Chromium .* install Chromium"):
        browser.find()


def test_what_was_brought_is_not_brought_again(tmp_path: Path) -> None:
    browser.FOLDER.mkdir(parents=True)
    brought = _executable(browser.FOLDER / "chromium")
    assert browser.find() == brought
