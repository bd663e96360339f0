"""The org's bulk jobs in SQLite, and the files beside it, so that both survive a restart.

A deleted job keeps its row, because it still counts in the day's allotment.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator import ids
from simulator.bulk.job import ENDED, UNFINISHED, Job, Kind, State
from simulator.database import Database
from simulator.errors import ApiError, not_found
from simulator.ids import to_18

PREFIX, BATCH_PREFIX = "750", "751"
FIRST = 1_000_000
DAY = 24 * 3600
KEPT = 7 * DAY  # documented: so long after a job has ended
LONGEST_OPEN = DAY  # that an open job is then aborted is unconfirmed
COLUMNS = tuple(field.name for field in dataclasses.fields(Job))
LATER = {
    "parent": "",
    "content_type": " DEFAULT 'CSV'",
    "serial": " DEFAULT 0",
    "chunk_size": " DEFAULT 0",
    "start_row": " DEFAULT ''",
}  # columns that a folder of an older simulator lacks
TABLES = f"""
CREATE TABLE IF NOT EXISTS bulk_job (
    number INTEGER PRIMARY KEY, {", ".join(name for name in COLUMNS if name != "number")}
);
CREATE UNIQUE INDEX IF NOT EXISTS bulk_job_id ON bulk_job (id);
CREATE TABLE IF NOT EXISTS bulk_row (
    job INTEGER NOT NULL, ok INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
    record_id TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (job, ok, start)
) WITHOUT ROWID;
"""


class Jobs:
    """Finds and keeps jobs. Whoever saves needs an open transaction."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._db = database
        self._folder = folder
        database.connection.executescript(TABLES)
        self._grow()

    def add(self, now: float, **values: Any) -> Job:
        """A new job; whatever is too old goes on that occasion."""
        self._expire(now)
        last = self._db.execute("SELECT ifnull(max(number), ?) FROM bulk_job", (FIRST,))
        number = int(last.fetchone()[0]) + 1
        prefix = PREFIX if values.get("parent") is None else BATCH_PREFIX
        record_id = ids.make(prefix, self._db.setting("pod", "5f"), number)
        return self.save(Job(number=number, id=record_id, created_at=now, changed_at=now, **values))

    def save(self, job: Job) -> Job:
        marks = ", ".join("?" * len(COLUMNS))
        self._db.execute(
            f"INSERT OR REPLACE INTO bulk_job ({', '.join(COLUMNS)}) VALUES ({marks})",
            dataclasses.astuple(job),
        )
        return job

    def change(self, job: Job, now: float, **values: Any) -> Job:
        return self.save(dataclasses.replace(job, changed_at=now, **values))

    def get(self, kind: Kind, text: str) -> Job:
        """The job of that id, 15 or 18 characters; 404 for any other."""
        where = "id = ? AND kind = ? AND parent IS NULL AND NOT deleted"
        found = self._find(where, to_18(text), kind)
        job = next(found, None)
        if job is None:
            raise not_found()
        return job

    def batches(self, parent: Job) -> list[Job]:
        """Those of a job of Bulk API 1.0, in the order in which they came."""
        return list(self._find("parent = ? AND NOT deleted ORDER BY number", parent.number))

    def unfinished(self) -> list[Job]:
        """All that can be worked on: of a serial job the oldest batch alone."""
        before = "e.parent = bulk_job.parent AND e.number < bulk_job.number"
        waits = f"SELECT 1 FROM bulk_job e WHERE {before} AND e.state IN (?, ?)"
        where = f"state IN (?, ?) AND NOT deleted AND NOT (serial AND EXISTS ({waits}))"
        return list(self._find(where, *UNFINISHED, *UNFINISHED))

    def reload(self, job: Job) -> Job:
        return self.numbered(job.number)

    def numbered(self, number: int) -> Job:
        return next(self._find("number = ?", number))

    def page(self, kind: Kind, after: int, limit: int) -> list[Job]:
        where = "kind = ? AND number > ? AND parent IS NULL AND NOT deleted"
        return list(self._find(f"{where} ORDER BY number LIMIT ?", kind, after, limit))

    def remove(self, job: Job, now: float) -> None:
        """Refuses a job that is still being filled or worked on (documented)."""
        if job.state in (State.OPEN, State.IN_PROGRESS):
            raise ApiError(400, "INVALIDJOBSTATE", f"Job is {job.state} and cannot be deleted")
        self._db.execute("DELETE FROM bulk_row WHERE job = ?", (job.number,))
        self.change(job, now, deleted=True)
        for path in (self.upload(job), self.converted(job), self.result(job), self.offsets(job)):
            path.unlink(missing_ok=True)

    def since(self, moment: float) -> list[Job]:
        """Also the deleted ones; for the day's allotments."""
        return list(self._find("created_at > ?", moment))

    def batches_since(self, moment: float) -> int:
        """Of Bulk API 1.0."""
        sql = "SELECT count(*) FROM bulk_job WHERE parent IS NOT NULL AND created_at > ?"
        return int(self._db.execute(sql, (moment,)).fetchone()[0])

    def upload(self, job: Job) -> Path:
        """Where lies what a client sent."""
        return self._file(job, "upload.csv")

    def converted(self, job: Job) -> Path:
        """Where the same lies as CSV, if it came as something else."""
        return self._file(job, "rows.csv")

    def result(self, job: Job) -> Path:
        """Where the result of a query lies."""
        return self._file(job, "result.csv")

    def offsets(self, job: Job) -> Path:
        """Where each row of that result begins, eight bytes a row."""
        return self._file(job, "result.rows")

    def _file(self, job: Job, name: str) -> Path:
        self._folder.mkdir(exist_ok=True)
        return self._folder / f"{job.id}.{name}"

    def _find(self, condition: str, *values: Any) -> Iterator[Job]:
        rows = self._db.execute(
            f"SELECT {', '.join(COLUMNS)} FROM bulk_job WHERE {condition}", values
        )
        return (_job(row) for row in rows.fetchall())

    def _grow(self) -> None:
        """A folder of an older simulator lives on."""
        present = {row[1] for row in self._db.execute("PRAGMA table_info(bulk_job)")}
        for name in LATER.keys() - present:
            self._db.execute(f"ALTER TABLE bulk_job ADD COLUMN {name}{LATER[name]}")
        self._db.execute("CREATE INDEX IF NOT EXISTS bulk_batch ON bulk_job (parent, number)")

    def _expire(self, now: float) -> None:
        for job in self._find("state = ? AND created_at < ?", State.OPEN, now - LONGEST_OPEN):
            self.change(job, now, state=State.ABORTED)
        where = "NOT deleted AND state IN (?, ?, ?, ?) AND changed_at < ?"
        old = self._find(where, *ENDED, State.CLOSED, now - KEPT)
        for job in old:
            self.remove(job, now)


def _job(row: tuple[Any, ...]) -> Job:
    found = Job(*row)
    return dataclasses.replace(
        found,
        kind=Kind(found.kind),
        state=State(found.state),
        uploaded=bool(found.uploaded),
        deleted=bool(found.deleted),
        serial=bool(found.serial),
    )
