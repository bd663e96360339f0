"""What is read from the `.env` file and from secret files, and what is refused."""

from pathlib import Path

import pytest

from config.errors import BadSettings
from config.sources import env_file, secret_files

MEND = "cannot be read; write NAME=value, and a value with spaces, quotes, $ or # in single quotes."


def write(folder: Path, text: str) -> Path:
    path = folder / "some.env"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_our_lines_are_given(tmp_path: Path) -> None:
    text = "\ufeff# a\nOTHER\nPATH=/x\n\nLICENSE_SYNC_A=1\nexport license_sync_b = '2' # b\n"
    assert env_file(write(tmp_path, text)) == {"LICENSE_SYNC_A": "1", "license_sync_b": "2"}


def test_a_file_that_is_not_there_gives_nothing(tmp_path: Path) -> None:
    assert env_file(tmp_path / "none") == env_file(tmp_path) == env_file(Path("/dev/null")) == {}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A=1\nB='it's hush'\n", [2]),
        ("A=1\n\n  \n\nB='hush\n", [5]),
        ("LICENSE_SYNC_A hush\n", [1]),
        ("LICENSE_SYNC_A\n", [1]),
        ('A=1\r\n=hush\r\nB="x" hush\r\n', [2, 3]),
    ],
)
def test_a_line_that_cannot_be_read_is_said_by_its_number(
    tmp_path: Path, text: str, lines: list[int]
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadSettings) as caught:
        env_file(path)
    assert caught.value.problems == [f"settings: line {n} of {path} {MEND}" for n in lines]


def test_a_secret_file_may_lead_elsewhere(tmp_path: Path) -> None:
    """Kubernetes mounts them as links; whoever can make one here can write the file as well."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "real").write_text("hush\n")
    (folder / "license_sync_broker_url").symlink_to(tmp_path / "real")
    assert secret_files(folder) == {"license_sync_broker_url": "hush"}
