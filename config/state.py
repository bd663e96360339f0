"""The state folder: where this machine keeps its database and its broker."""

import os
import secrets
from pathlib import Path

from config.errors import BadSettings

KEY_LETTERS = 64


def make_state_dir(folder: Path) -> Path:
    """Make the folder, for its owner alone, unless it is there; BadSettings if it is of no use."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        reason = None if os.access(folder, os.W_OK | os.X_OK) else "you may not write there"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "there can be no such path"
    if reason:
        what = f"The state folder {folder} cannot be made or written: {reason}; "
        raise BadSettings([what + "set LICENSE_SYNC_STATE_DIR to one that you may write."])
    return folder


def page_key(folder: Path) -> str:
    """The key that signs the review page's cookies; made at the first start. BadSettings."""
    path = make_state_dir(folder) / "admin-secret-key"
    try:
        _make_key(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        key = ""
    if len(key) < KEY_LETTERS:
        raise BadSettings(
            [f"{path} cannot be read or holds no key: remove it, and a new one is made."]
        )
    return key


def _make_key(path: Path) -> None:
    """Whole or not at all: several processes may start at once, and one of them may die."""
    if path.exists():
        return
    mine = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_LETTERS // 2))
    try:
        os.link(mine, path)
    except FileExistsError:
        pass
    finally:
        mine.unlink()
