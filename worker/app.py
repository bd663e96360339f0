"""The Celery application: `celery -A worker.app worker` and `celery -A worker.app beat`.

A message is only a wake-up. What is to be done stands in the database, so that a lost message
costs a tick and a repeated one finds nothing to do.

SIGTERM gives running tasks 20 s and puts back into the queue what it cuts off where REMAP_SIGTERM
is SIGQUIT. The celery command reads that before it finds this module, so that only whoever starts
it can say so: `license-sync worker`, `license-sync up` and the image do. Without it a worker waits
until its tasks are done. https://docs.celeryq.dev/en/stable/userguide/workers.html#remap-sigterm
"""

import ssl
import sys

from celery import Celery
from kombu import Queue

from config.errors import BadSettings
from config.loading import load_settings
from config.settings import Settings
from worker.lanes import Lane
from worker.schedule import schedule

LIVE, BULK = Lane.LIVE.value, Lane.BULK.value

VISIBILITY_SECONDS = 180
"""A killed worker's unacknowledged message comes back after this; tasks end well before it."""

SOFT_LIMIT, HARD_LIMIT = 90, 120


def make_app(settings: Settings) -> Celery:
    """The application for these settings."""
    app = Celery("license_sync", include=["worker.tasks"])
    app.conf.update(
        broker_url=settings.broker(),
        broker_connection_retry_on_startup=True,
        broker_use_ssl=_tls(settings.broker()),
        broker_transport_options={
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "global_keyprefix": "license-sync:",
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "health_check_interval": 10,
        },
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_soft_time_limit=SOFT_LIMIT,
        task_time_limit=HARD_LIMIT,
        task_default_queue=LIVE,
        task_queues=[Queue(lane.value) for lane in Lane],
        task_create_missing_queues=False,
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=20,
        worker_hijack_root_logger=False,
        worker_max_tasks_per_child=100_000,
        beat_schedule=schedule(settings),
        beat_scheduler="celery.beat:Scheduler",  # in memory: what was missed stands in SQL
        beat_max_loop_interval=1,
        timezone="UTC",
    )
    return app


def _tls(broker_url: str) -> dict[str, object] | None:
    """Kombu verifies no certificate by itself; options of the URL's own replace these.

    https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-use-ssl
    """
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED} if broker_url.startswith("rediss:") else None


def _settings() -> Settings:
    """The settings; bad ones end the process with a sentence each: celery would show where."""
    try:
        return load_settings()
    except BadSettings as problems:
        sys.stderr.write(f"{problems}\n")
        sys.exit(2)


app = make_app(_settings())
