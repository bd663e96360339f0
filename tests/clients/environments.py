"""An environment of its own for each client, installed once for what pins/ asks for.

A Python client has pins/NAME.in (what it is) and pins/NAME.txt (everything it brings, with
hashes); a Node one has pins/NAME/package.json with exact versions.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINS = Path(__file__).parent / "pins"
INSTALLED = ROOT / ".clients"
UV = Path(sys.executable).with_name("uv")


def version_of(name: str) -> str:
    """As pinned; the first dependency of a Node client is the client."""
    pins = PINS / f"{name}.in"
    if pins.exists():
        return pins.read_text("ascii").strip().partition("==")[2]
    dependencies: dict[str, str] = json.loads(_package(name).read_text("utf-8"))["dependencies"]
    return next(iter(dependencies.values()))


def python_client(name: str) -> Path:
    """The folder of the commands of that client, its `python` among them."""
    folder, pins = INSTALLED / name, PINS / f"{name}.txt"
    if not _is_current(folder, pins):
        commands = folder / "bin"
        _run(str(UV), "venv", "--quiet", "--python", sys.executable, str(folder))
        _run(
            str(UV),
            "pip",
            "install",
            "--quiet",
            "--python",
            str(commands / "python"),
            "--require-hashes",
            "--requirement",
            str(pins),
        )
        _finish(folder, pins)
    return folder / "bin"


def node_client(name: str) -> Path:
    """The folder beside which `node` finds the client's modules."""
    folder, package = INSTALLED / name, _package(name)
    if not _is_current(folder, package):
        folder.mkdir(parents=True)
        shutil.copy(package, folder / "package.json")
        _run(
            "npm",
            "install",
            "--silent",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--prefix",
            str(folder),
        )
        _finish(folder, package)
    return folder


def _package(name: str) -> Path:
    return PINS / name / "package.json"


def _is_current(folder: Path, pins: Path) -> bool:
    """Whether what is there was installed for these pins; anything else is removed."""
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text("ascii") == _digest(pins):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def _finish(folder: Path, pins: Path) -> None:
    (folder / "installed").write_text(_digest(pins), "ascii")


def _digest(pins: Path) -> str:
    return hashlib.sha256(pins.read_bytes()).hexdigest()


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
