"""The process that listens: a thread for each org whose events are switched on.

It forks nothing, and wakes the workers through the broker. What it does not get sent, the sweep
finds.
"""

import logging
import os
import signal
import socket
import threading
from types import FrameType

import redis
from kombu.exceptions import KombuError

from config.listening import listener, listening_orgs
from config.wiring import Runtime
from sync.errors import SyncError
from sync.heartbeats import LISTENER
from worker.app import LIVE
from worker.base import waker
from worker.tasks import settle

BEAT_SECONDS = 10.0
STOP_SECONDS = 10.0

log = logging.getLogger(__name__)


class Listening:
    """All listeners of a process, until they are told to stop."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stopping = threading.Event()

    def run(self) -> None:
        """Listen until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._take_over()
        threads = [
            threading.Thread(target=self._listen, args=(org,), name=org, daemon=True)
            for org in listening_orgs(self._runtime)
        ]
        for thread in threads:
            thread.start()
        self._beat()
        while not self._stopping.wait(BEAT_SECONDS):
            self._beat()
        for thread in threads:
            thread.join(STOP_SECONDS)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def _listen(self, org: str) -> None:
        """An org whose settings cannot be used keeps no other from being listened to."""
        try:
            listener(self._runtime, org, holder(), wake, self._stopping.wait).run()
        except SyncError as error:
            log.warning("%s is not listened to: %s", org, error)

    def _beat(self) -> None:
        try:
            self._runtime.store.beat(LISTENER)
        except SyncError as error:
            log.warning("%s", error)

    def _take_over(self) -> None:
        """End what an earlier process of this machine left behind when it was killed."""
        held = {status.holder for status in self._runtime.store.streams().values()}
        dead = [one for one in held if one is not None and _is_dead(one)]
        if dead:
            self._runtime.store.free_streams(dead)


def holder() -> str:
    """This process's name beside a lease."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _is_dead(name: str) -> bool:
    """Whether the process that called itself so was one of this machine, and is no more."""
    host, _, number = name.rpartition(":")
    if host != socket.gethostname() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def wake(org: str) -> None:
    """Let the org's users be settled now; if that cannot be sent, the next sweep finds them."""
    try:
        waker().wake(settle, org, LIVE)
    except (redis.RedisError, KombuError, OSError) as error:
        log.warning("%s: nobody could be woken: %s", org, error)
