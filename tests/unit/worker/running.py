"""A real worker with a task of the test's own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from config.settings import Settings


def start_worker(
    settings: Settings, folder: Path, task: str, environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    """It reads the queue `live`, one task at a time, and has `task`, a module's text.

    It works and logs in `folder`, and leads a process group, for whoever kills it.
    """
    (folder / "own_task.py").write_text(task)
    paths = [path for path in (environment.get("PYTHONPATH"), str(folder)) if path]
    surroundings = {
        **os.environ,
        **environment,
        "LICENSE_SYNC_STATE_DIR": str(settings.state_dir),
        "LICENSE_SYNC_ENV_FILE": os.devnull,
        "PYTHONPATH": os.pathsep.join(paths),
    }
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "own_task", "worker", "-Q", "live", "-c", "1"],
            cwd=folder,
            env=surroundings,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
