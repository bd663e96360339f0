"""Listening to one org's change events: a stream that is opened again whenever it ends.

What arrives is stored together with the position after it, in one transaction, before more is
asked for: whoever is killed goes on from what was stored, and hears the rest again. Polls go on
beside it, rarely while the stream works and as usual while it does not, so that nothing rests on
the stream alone.

A stream that begins afresh cannot tell what happened before. It is opened first; once it answers,
which it does within minutes even if nothing happens, the whole org is looked at.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sync.arming import organization_problem
from sync.errors import CallFailed, Failure, LeaseLost, Remedy, SyncError
from sync.intake import told
from sync.ports.events import CREDIT, POSITION_LOST, Batch, EventBus, Subscription
from sync.ports.streams import Heard, Source, Stream, StreamStore
from sync.retrying import Jitter

LEASE_SECONDS = 15.0
"""After so long without a sign of life a stream counts as dead: polls are as usual again."""

LOOK_SECONDS = 1.0
SILENCE_SECONDS = 300.0
"""A stream says something every 270 s at least, as its contract has it; then it is dead.

https://github.com/forcedotcom/pub-sub-api/blob/main/pubsub_api.proto
"""

TAKEN_SECONDS = 5.0
"""Between two tries to listen where another process does."""

PAUSES = (0.5, 2.0, 10.0, 30.0, 60.0)
"""Before a stream is opened again, by how many ended in a row without a word."""

TOGETHER = 500
"""So many events at most are stored in one transaction."""

log = logging.getLogger(__name__)


class Login(Protocol):
    """Whose events they are."""

    def organization_id(self) -> str:
        """The organization that the login leads to; may CallFailed."""
        ...

    def user_id(self) -> str:
        """Whom we write as; may CallFailed."""
        ...

    def forget_login(self) -> None:
        """Log in anew before the next call."""
        ...


@dataclass(slots=True)
class Listener:
    """Listens to one org, in a thread of its own. `wake` says that users wait to be settled.

    `rest` waits so many seconds, and says whether it is time to stop.
    """

    org: str
    topic: str
    holder: str
    store: StreamStore
    login: Login
    bus: EventBus
    wake: Callable[[str], None]
    rest: Callable[[float], bool]
    jitter: Jitter
    monotonic: Callable[[], float]
    silence_seconds: float = SILENCE_SECONDS
    _failures: int = field(default=0, init=False)

    def run(self) -> None:
        """Listen until it is time to stop."""
        wait = 0.0
        while not self.rest(wait):
            wait = self._one_lease()

    def _one_lease(self) -> float:
        """Listen as long as that goes well; how many seconds to wait before the next try."""
        stream = None
        try:
            stream = self._take()
            if stream is None:
                return TAKEN_SECONDS
            self._listen(stream)
            self._end(stream, None)
            return 0.0
        except LeaseLost:
            return TAKEN_SECONDS
        except CallFailed as failed:
            return self._failed(stream, failed.failure)
        except SyncError as error:
            return self._failed(stream, Failure("", str(error), Remedy.RETRY))

    def _take(self) -> Stream | None:
        organization_id = self.login.organization_id()
        problem = organization_problem(self.store.state(self.org), organization_id)
        if problem is not None:
            self.login.forget_login()
            raise CallFailed(Failure("other_organization", problem, Remedy.STOP_ORG, PAUSES[-1]))
        source = Source(self.org, organization_id, self.topic)
        return self.store.take_stream(source, self.holder, LEASE_SECONDS)

    def _listen(self, stream: Stream) -> None:
        subscription = self.bus.subscribe(self.topic, stream.position, CREDIT)
        try:
            self._follow(stream, subscription)
        finally:
            subscription.close()

    def _follow(self, stream: Stream, subscription: Subscription) -> None:
        missed = None if stream.position is not None else "the stream begins afresh"
        heard_at = renewed_at = self.monotonic()
        while not self.rest(0.0):
            batch = _together(subscription)
            now = self.monotonic()
            if batch is not None:
                self._hear(stream, subscription, batch, missed)
                missed, self._failures, heard_at, renewed_at = None, 0, now, now
            elif now - heard_at >= self.silence_seconds:
                raise CallFailed(_silent(self.silence_seconds))
            elif now - renewed_at >= LEASE_SECONDS / 3:
                self.store.renew_stream(stream, LEASE_SECONDS)
                renewed_at = now

    def _hear(
        self, stream: Stream, subscription: Subscription, batch: Batch, missed: str | None
    ) -> None:
        mattered = [event for event in batch.events if event.matters]
        notices = told(mattered, self.login.user_id())
        if any(event.everyone for event in mattered):
            missed = missed or "an event does not say who was changed"
        heard = Heard(
            position=batch.position,
            notices=notices,
            events=len(batch.events),
            mattered=len(mattered),
            commits=[event.committed_at for event in mattered if event.committed_at is not None],
            missed=missed,
        )
        noticed = self.store.hear(stream, heard, LEASE_SECONDS)
        if batch.events:
            subscription.ask_for(len(batch.events))
        if missed is not None:
            log.info("%s: %s: the whole org is looked at", self.org, missed)
        if noticed:
            log.info("%s: told of %d users in %d events", self.org, noticed, len(batch.events))
            self.wake(self.org)

    def _failed(self, stream: Stream | None, failure: Failure) -> float:
        """Say why the stream ended, and how long to wait before the next one."""
        is_first = not self._failures
        self._failures += 1
        if failure.code == POSITION_LOST and stream is not None and is_first:
            self._forget(stream)
            return 0.0
        if stream is not None and failure.code == POSITION_LOST:
            self._forget(stream)
        log.warning("%s: not listening: %s", self.org, failure.message)
        self._end(stream, failure.message)
        pause = PAUSES[min(self._failures, len(PAUSES)) - 1]
        return max(pause, failure.retry_after or 0.0) * (1.0 + self.jitter() / 2)

    def _forget(self, stream: Stream) -> None:
        log.warning("%s: the place in the stream is lost: it begins afresh", self.org)
        try:
            self.store.lose_position(stream)
        except SyncError as error:
            log.warning("%s: %s", self.org, error)
        self._end(stream, None)

    def _end(self, stream: Stream | None, problem: str | None) -> None:
        if stream is None:
            return
        try:
            self.store.drop_stream(stream, problem)
        except SyncError as error:  # the lease ends by itself
            log.warning("%s: %s", self.org, error)


def _together(subscription: Subscription) -> Batch | None:
    """What has arrived, waiting for the first of it. What came before an end is told before it."""
    batch = subscription.next(LOOK_SECONDS)
    if batch is None:
        return None
    events, position = list(batch.events), batch.position
    while batch is not None and len(events) < TOGETHER:
        try:
            batch = subscription.next(0.0)
        except CallFailed:  # said again when asked again
            break
        if batch is not None:
            events.extend(batch.events)
            position = batch.position
    return Batch(tuple(events), position)


def _silent(seconds: float) -> Failure:
    return Failure(
        "silent", f"The stream said nothing for {seconds:g} s; it is opened again.", Remedy.RETRY
    )
