"""The state folder is made for its owner alone, or it is said why not."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.errors import BadSettings
from config.state import make_state_dir, page_key


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        made = make_state_dir(tmp_path / "a" / "b")
    finally:
        os.umask(umask)
    assert made == tmp_path / "a" / "b"
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert make_state_dir(made) == made


@pytest.mark.parametrize("below", ["file", "file/x", "x" * 300, "nul\0"])
def test_one_that_cannot_be_made_is_said_with_its_setting(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / below
    with pytest.raises(BadSettings) as caught:
        make_state_dir(folder)
    assert re.fullmatch(
        rf"The state folder {re.escape(str(folder))} cannot be made or written: [A-Za-z ]+; "
        r"set LICENSE_SYNC_STATE_DIR to one that you may write\.",
        str(caught.value),
    )


def test_one_that_may_not_be_written_is_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK | os.X_OK)
    with pytest.raises(BadSettings, match="cannot be made or written: you may not write there; "):
        make_state_dir(tmp_path)


def test_the_pages_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: page_key(tmp_path / "state"), range(16)))
    assert len(keys) == 1
    (file,) = (tmp_path / "state").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert keys == {file.read_text()}
    assert len(keys.pop()) == 64


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_a_page_key_that_is_none_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "admin-secret-key").write_bytes(content)
    with pytest.raises(BadSettings, match="holds no key: remove it, and a new one is made"):
        page_key(tmp_path)
