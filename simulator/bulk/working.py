"""Carries jobs through their states, in steps between which other calls are answered."""

from __future__ import annotations

import asyncio
import traceback
from functools import partial
from typing import Protocol

from simulator.bulk.chunking import Chunks
from simulator.bulk.ingesting import Ingest
from simulator.bulk.job import Job, Kind, State
from simulator.bulk.querying import Extract
from simulator.errors import ApiError
from simulator.org import Org


class Worker(Protocol):
    async def step(self, job: Job) -> None:
        """Does a little of the job; when nothing is left, ends it."""


def resume(org: Org) -> None:
    """Takes up every job that is ready and not being worked on, also after a restart."""
    for job in org.jobs.unfinished():
        org.background.start(f"bulk job {job.id}", partial(_work, org, job))


async def _work(org: Org, job: Job) -> None:
    """A job that fails for a reason that nobody thought of shows it, as the others do."""
    try:
        await asyncio.sleep(org.bulk.delay)
        job = org.jobs.reload(job)
        if job.state is State.UPLOAD_COMPLETE and not job.deleted:
            job = _enter(org, job, State.IN_PROGRESS)
            await asyncio.sleep(org.bulk.delay)
        worker = _worker(org, job)
        while (job := org.jobs.reload(job)).state is State.IN_PROGRESS:
            await worker.step(job)
            await asyncio.sleep(0)
    except ApiError as error:
        _enter(org, job, State.FAILED, _said(job, error))
    except Exception as error:  # noqa: BLE001 - a fault of the simulator itself
        traceback.print_exc()
        _enter(org, job, State.FAILED, f"UnknownException : {error}")
    if job.parent is not None:
        resume(org)  # batches that waited for this one, or came out of it


def _worker(org: Org, job: Job) -> Worker:
    if job.kind is Kind.INGEST:
        return Ingest(org, job)
    return Chunks(org, job) if job.chunk_size else Extract(org, job)


def _said(job: Job, error: ApiError) -> str:
    """Why a query failed. The form of Bulk API 1.0 was met by users."""
    if job.parent is None:
        return f"{error.code} : {error.message}"
    disabled = error.code == "FUNCTIONALITY_NOT_ENABLED"
    kind = "FeatureNotEnabled" if disabled else "InvalidBatch"
    return f"{kind} : Failed to process query: {error.code}: {error.message}"


def _enter(org: Org, job: Job, state: State, error: str | None = None) -> Job:
    with org.db.transaction():
        return org.jobs.change(org.jobs.reload(job), org.clock.now(), state=state, error=error)
