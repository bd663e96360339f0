"""`make defenses`: takes each defense out of a copy of the code, and sees its tests fail.

python -m tests.defenses               # all
python -m tests.defenses 401 lease     # those whose words contain one of these
python -m tests.defenses --page        # write docs/traps.md
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.defenses.table import PAGE, ROOT, Defense, page, read_table

Ran = subprocess.CompletedProcess[str]
PASSED, FAILED = 0, 1
"""pytest's own exit codes; any other says that the tests could not be run at all."""


def main() -> int:
    """Prints a line for each defense; 1 if one of them can be taken out unnoticed."""
    parser = argparse.ArgumentParser(prog="defenses", description=__doc__)
    parser.add_argument("words", nargs="*", help="only defenses whose text has one of these")
    parser.add_argument("--page", action="store_true", help="write docs/traps.md and end")
    chosen = parser.parse_args()
    traps = read_table()
    if chosen.page:
        PAGE.write_text(page(traps))
        return 0
    defenses = [d for trap in traps for d in trap.defenses if _is_wanted(d, chosen.words)]
    with tempfile.TemporaryDirectory(prefix="defenses-") as folder:
        copy = copy_of_code(Path(folder))
        said = run_tests(copy, sorted({test for d in defenses for test in d.tests}))
        if said.returncode != PASSED:
            print(said.stdout + "the tests fail with every defense in place")
            return 1
        unnoticed = [d for d in defenses if not is_missed(copy, d)]
    print(f"{len(defenses)} taken out, {len(unnoticed)} unnoticed")
    return 1 if unnoticed or not defenses else 0


def _is_wanted(defense: Defense, words: Sequence[str]) -> bool:
    text = f"{defense.what} {defense.file} {' '.join(defense.tests)}".lower()
    return not words or any(word.lower() in text for word in words)


def copy_of_code(folder: Path) -> Path:
    """What git would commit now, in `folder`."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    return folder


def is_missed(copy: Path, defense: Defense) -> bool:
    """Whether the tests fail without the defense; the copy is whole again afterwards."""
    path, began = copy / defense.file, time.monotonic()
    source = path.read_text()
    if not defense.is_in(source):
        print(f"GONE       {defense.what}: {defense.file} does not have its text once")
        return False
    path.write_text(defense.taken_out(source))
    try:
        said = run_tests(copy, defense.tests, "-x")
    finally:
        path.write_text(source)
    word = {FAILED: "caught", PASSED: "UNNOTICED"}.get(said.returncode, "NOT RUN")
    print(f"{word:10} {defense.what} ({time.monotonic() - began:.0f} s)", flush=True)
    if word == "NOT RUN":
        print(said.stdout[-2000:])
    return word == "caught"


def run_tests(copy: Path, tests: Sequence[str], *options: str) -> Ran:
    """Run them on the copy, which comes before the installed code."""
    order = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, *tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        order, cwd=copy, env=environment, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
