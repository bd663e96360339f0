"""A Chromium for the browser tests, on any machine: a set one, an installed one, or brought along.

On a Debian or its like one is brought from the machine's own package sources, without root: into
`.venv/browser`, with the libraries and fonts that are not installed, and a script `chromium` that
starts it with them; another, `node`, does so for Playwright's own half, whose library libatomic is
missing on a bare machine. `python -m tests.browser` does all that, and loads a page.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import playwright
from playwright.sync_api import Browser, sync_playwright

from tests.debs import NotUnpacked, can_unpack, unpack

SETTING = "LICENSE_SYNC_TEST_BROWSER"
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
)
FOLDER = Path(__file__).parents[1] / ".venv" / "browser"
ADVICE = f"install Chromium, or set {SETTING} to the path of one"

_PACKAGES = (
    "chromium-headless-shell",
    "fonts-liberation",
    "fonts-dejavu-core",
    "libatomic1",
    "libstdc++6",
)
# What nobody uses without a screen: graphics drivers with their compilers, tools for a desktop.
_NEEDLESS = ("x11-utils", "xdg-utils", "libgl1-mesa-dri", "mesa-libgallium")
_INSIDE = "usr/lib/chromium/chromium-headless-shell"
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/fontcache</cachedir>
  <alias><family>sans-serif</family><prefer><family>Liberation Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>Liberation Sans</family></prefer></alias>
  <alias><family>serif</family><prefer><family>Liberation Serif</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias>
</fontconfig>
"""
_START = """#!/bin/sh
export LD_LIBRARY_PATH="{libraries}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"
export FONTCONFIG_FILE="{folder}/fonts.conf"
exec "{program}" "$@"
"""
_NODE = "PLAYWRIGHT_NODEJS_PATH"
_DRIVER = Path(playwright.__file__).parent / "driver" / "node"


class NoBrowser(Exception):
    """There is no Chromium here and none can be brought; the message has the mend."""


@cache
def find() -> Path:
    """The Chromium to test with, brought if there is none; NoBrowser."""
    return _installed() or bring(FOLDER)


@cache
def ready() -> Path:
    """The same, with all that Playwright itself needs to run it; NoBrowser."""
    found = find()
    if _NODE not in os.environ and not _runs(str(_DRIVER)):
        os.environ[_NODE] = str(bring(FOLDER).with_name("node"))
    return found


def bring(folder: Path) -> Path:
    """Fetch one into this folder, once, however many ask at the same time; NoBrowser."""
    start = folder / "chromium"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder.with_suffix(".lock")):
        if start.exists():
            return start
        if not can_unpack():
            raise NoBrowser(f"There is no Chromium on this machine: {ADVICE}.")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            unpack(folder, _PACKAGES, _NEEDLESS)
        except NotUnpacked as error:
            raise NoBrowser(f"No Chromium could be brought ({error}): {ADVICE}.") from error
        _tidy(folder)
        _write_starts(folder)
    return start


def arguments() -> list[str]:
    """What it is started with; without a sandbox where it can have none: the pages are ours."""
    return [*_ARGUMENTS, *([] if _can_be_shut_in() else ["--no-sandbox"])]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running Chromium that knows no host but this machine; NoBrowser."""
    path = ready()
    nowhere = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        launch = playwright.chromium.launch
        with launch(executable_path=path, args=[*arguments(), nowhere]) as browser:
            yield browser


def _installed() -> Path | None:
    if chosen := os.environ.get(SETTING):
        if not os.access(chosen, os.X_OK):
            raise NoBrowser(f"{SETTING} is {chosen}, which cannot be run: {ADVICE}.")
        return Path(chosen)
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


@cache
def _can_be_shut_in() -> bool:
    """Its sandbox is made of user namespaces: not for root, and not on every machine."""
    return os.geteuid() != 0 and _runs("unshare", "--user", "true")


def _runs(*command: str) -> bool:
    try:
        words = command if len(command) > 1 else (*command, "--version")
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tidy(folder: Path) -> None:
    for part in ("doc", "man", "locale", "lintian", "bug"):
        shutil.rmtree(folder / "usr" / "share" / part, ignore_errors=True)
    for tool in folder.glob("usr/lib/chromium/libVkLayer_*"):
        tool.unlink()


def _write_starts(folder: Path) -> None:
    """The fonts' settings, and the scripts: `chromium` last, the mark that all is there."""
    libraries = {str(path.parent) for path in folder.rglob("*.so*") if path.is_file()}
    (folder / "fonts.conf").write_text(_FONTS.format(folder=folder))
    for name, program in (("node", _DRIVER), ("chromium", folder / _INSIDE)):
        text = _START.format(folder=folder, libraries=":".join(sorted(libraries)), program=program)
        unfinished = folder / f"{name}.new"
        unfinished.write_text(text)
        unfinished.chmod(0o755)
        unfinished.rename(folder / name)


def _size(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def main() -> int:
    """Bring one if there is none, load a page, and say what it is."""
    began = time.monotonic()
    try:
        path = ready()
    except NoBrowser as error:
        print(error, file=sys.stderr)
        return 1
    found = time.monotonic()
    with chromium() as browser:
        page = browser.new_page()
        page.set_content("<title>It works</title><p style='font-family: sans-serif'>Text</p>")
        wide = page.evaluate("document.querySelector('p').innerText") == "Text"
        shot = page.screenshot()
        print(f"{path} is Chromium {browser.version}; a page says {page.title()!r}")
    print(f"found in {found - began:.1f} s, the page took {time.monotonic() - found:.1f} s")
    if FOLDER in path.parents:
        print(f"{_size(FOLDER) / 1e6:.0f} MB in {FOLDER}")
    return 0 if wide and shot else 1


if __name__ == "__main__":
    sys.exit(main())
