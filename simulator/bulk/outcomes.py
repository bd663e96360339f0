"""What became of the rows of an ingest job: three CSV answers.

The two columns of Salesforce are quoted, the client's own come back as they were sent
(documented samples). Before the job has ended there is nothing to give.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from simulator.bulk.dialect import CSV, DELIMITERS, LINE_ENDINGS
from simulator.bulk.job import Job, Kind
from simulator.bulk.ordering import need_ended
from simulator.bulk.upload import BadUpload, Upload
from simulator.rest.call import Answer, Call
from simulator.streaming import Stream, file_range

CHUNK = 1000


def successful(call: Call, job_id: str) -> Answer:
    return _rows(call, job_id, "sf__Created", ok=1)


def failed(call: Call, job_id: str) -> Answer:
    return _rows(call, job_id, "sf__Error", ok=0)


def unprocessed(call: Call, job_id: str) -> Answer:
    """The header, and whatever comes after the last row that was carried out."""
    job = _ended(call, job_id)
    path = call.org.jobs.upload(job)
    if not job.uploaded:
        return _csv(Stream([b""], 0))
    header = _header(job, path)
    start = max(job.position, len(header))
    return _csv(file_range(path, start, path.stat().st_size, before=header))


def _rows(call: Call, job_id: str, second: str, *, ok: int) -> Answer:
    job = _ended(call, job_id)
    path = call.org.jobs.upload(job)
    own = DELIMITERS[job.delimiter].join(quoted("sf__Id", second)) + DELIMITERS[job.delimiter]
    header = _header(job, path) if job.uploaded else b""
    if not header:
        return _csv(Stream([own.encode()]))
    return _csv(Stream(_lines(call, job, path, own.encode() + _ended_line(job, header), ok)))


def _lines(call: Call, job: Job, path: Path, header: bytes, ok: int) -> Iterator[bytes]:
    """In the order of the upload, read anew for each piece, so that nothing is held."""
    yield header
    delimiter, last = DELIMITERS[job.delimiter], -1
    with path.open("rb") as file:
        while True:
            found = call.org.db.execute(
                "SELECT start, end, record_id, said FROM bulk_row WHERE job = ? AND ok = ? AND "
                "start > ? ORDER BY start LIMIT ?",
                (job.number, ok, last, CHUNK),
            ).fetchall()
            if not found:
                return
            last = found[-1][0]
            piece = []
            for start, end, record_id, said in found:
                file.seek(start)
                own = delimiter.join([*quoted(record_id, said), ""]).encode()
                piece.append(own + _ended_line(job, file.read(end - start)))
            yield b"".join(piece)


def every(call: Call, job: Job) -> Iterator[tuple[int, str, str]]:
    """All rows in their order: whether it worked, the id, what was said."""
    last = -1
    while True:
        found = call.org.db.execute(
            "SELECT start, ok, record_id, said FROM bulk_row WHERE job = ? AND start > ? "
            "ORDER BY start LIMIT ?",
            (job.number, last, CHUNK),
        ).fetchall()
        if not found:
            return
        last = found[-1][0]
        yield from (row[1:] for row in found)


def _ended(call: Call, job_id: str) -> Job:
    job = call.org.jobs.get(Kind.INGEST, job_id)
    need_ended(job)
    return job


def _header(job: Job, path: Path) -> bytes:
    """The client's first row as sent; nothing where it cannot be read."""
    try:
        head = next(iter(Upload(job, path, 0)), None)
    except BadUpload:
        return b""
    if head is None:
        return b""
    with path.open("rb") as file:
        return file.read(head.end)


def _ended_line(job: Job, line: bytes) -> bytes:
    ending = LINE_ENDINGS[job.line_ending].encode()
    return line if line.endswith(b"\n") else line + ending


def quoted(*values: str) -> list[str]:
    return ['"' + value.replace('"', '""') + '"' for value in values]


def _csv(stream: Stream) -> Answer:
    return Answer(body=stream, headers={"Content-Type": CSV})
