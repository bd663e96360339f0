"""The state folder: where this machine keeps its database and its broker."""

import os
from pathlib import Path

from config.errors import BadSettings


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
