"""Debian packages without installing them: into a folder, with what they need, by any account.

apt resolves, downloads and verifies as ever, from the machine's own sources, but its state is in
the folder; the packages are unpacked and their scripts are not run. Packages that are named as
needless, and what only they ask for, stay away: apt is told that they are there.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

_INSTALLED = Path("/var/lib/dpkg/status")
_PROGRAMS = ("apt-get", "apt-cache", "dpkg", "dpkg-deb")
_C_LIBRARY = "libc6"
_SECONDS = 240


class NotUnpacked(Exception):
    """The packages could not be had here; the message says why."""


def can_unpack() -> bool:
    """Whether this machine is a Debian or its like."""
    return _INSTALLED.exists() and all(shutil.which(program) for program in _PROGRAMS)


def unpack(folder: Path, names: Sequence[str], needless: Sequence[str] = ()) -> None:
    """Unpack these packages and whatever of theirs is not installed; NotUnpacked."""
    apt = _Apt(folder / ".apt")
    apt.update()
    if missing := [name for name in names if not apt.facts(name)]:
        raise NotUnpacked(f"this machine's package sources have no {', '.join(missing)}")
    apt.pretend(needless)
    for package in apt.download(names):
        # A C library of another version than the machine's loader is no use to anybody.
        if not package.name.startswith(f"{_C_LIBRARY}_"):
            _run("dpkg-deb", "-x", str(package), str(folder))
    shutil.rmtree(apt.home)


class _Apt:
    """apt with its state in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._status = home / "status"
        self._packages = home / "cache" / "archives"
        for part in ("state/lists/partial", "cache/archives/partial", "log"):
            (home / part).mkdir(parents=True, exist_ok=True)
        shutil.copy(_INSTALLED, self._status)
        settings = {
            "Dir::State": home / "state",
            "Dir::State::status": self._status,
            "Dir::Cache": home / "cache",
            "Dir::Log": home / "log",
            "Debug::NoLocking": 1,
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::GzipIndexes": "true",
            "Acquire::Retries": 3,
        }
        self._options = [word for k, v in settings.items() for word in ("-o", f"{k}={v}")]

    def update(self) -> None:
        """Read the sources; one that does not answer may be one that is not needed."""
        try:
            self._apt("apt-get", "update")
        except NotUnpacked as error:
            if not any((self.home / "state" / "lists").glob("*Packages*")):
                raise NotUnpacked(f"the package sources cannot be read: {error}") from None

    def facts(self, name: str) -> dict[str, str]:
        """What the sources say of a package; nothing if they do not have it."""
        try:
            said = self._apt("apt-cache", "show", "--no-all-versions", name)
        except NotUnpacked:
            return {}
        lines = said.strip().split("\n\n")[0].splitlines()
        return dict(line.split(": ", 1) for line in lines if ": " in line and line[0] != " ")

    def pretend(self, names: Sequence[str]) -> None:
        """Let apt believe that these are installed, in the version that it would choose."""
        for name in names:
            if facts := self.facts(name):
                kept = ("Package", "Version", "Architecture", "Multi-Arch")
                stanza = {k: facts[k] for k in kept if k in facts}
                stanza |= {"Status": "hold ok installed", "Description": "left out"}
                text = "".join(f"{k}: {v}\n" for k, v in stanza.items())
                with self._status.open("a", encoding="utf-8") as status:
                    status.write(f"\n{text}")

    def download(self, names: Sequence[str]) -> list[Path]:
        """Fetch packages and their dependencies, checked against the sources' signatures."""
        words = ("--download-only", "--yes", "--no-install-recommends")
        self._apt("apt-get", "install", *words, *names)
        return sorted(self._packages.glob("*.deb"))

    def _apt(self, program: str, *words: str) -> str:
        return _run(program, *self._options, *words)


def _run(*command: str) -> str:
    surroundings = os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            env=surroundings,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NotUnpacked(f"{command[0]} took more than {_SECONDS} s") from None
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        problem = next((line for line in lines if line.startswith("E:")), "".join(lines[-1:]))
        raise NotUnpacked(f"{command[0]} failed: {problem}")
    return done.stdout
