"""Seeded databases that are kept, so that a large org starts in the time of a copy.

A kept file stands for one population, one schema and one state of the code that fills it:
when any of them changes, it is not found, and the org is seeded anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from simulator.database import Database
from simulator.schema.model import Schema
from simulator.seed.population import Population

CODE = Path(__file__).parent.parent
FILLERS = ("database.py", "storage.py", "ids.py", "formula/*", "schema/*.py", "seed/*.py")


class SeedCache:
    """Needs no lock: a file appears whole, and two that seed the same write the same."""

    def __init__(self, folder: Path, population: Population, schema: Schema) -> None:
        digest = hashlib.sha256(f"{population} {schema.fingerprint}".encode())
        for pattern in FILLERS:
            for path in sorted(CODE.glob(pattern)):
                if path.is_file():
                    digest.update(path.read_bytes())
        self._file = folder / f"{digest.hexdigest()[:24]}.db"

    def fetch(self, target: Path) -> bool:
        """Puts the kept database there, if there is one and nothing is there yet."""
        if target.exists() or not self._file.exists():
            return False
        shutil.copyfile(self._file, target)
        return True

    def keep(self, database: Database) -> None:
        """Copies a database that has just been seeded."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(f".{os.getpid()}.part")
        part.unlink(missing_ok=True)
        database.execute("VACUUM INTO ?", (str(part),))
        part.replace(self._file)
