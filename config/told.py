"""How well each org tells of its changes, as programs see it. No network.

Polling finds them as well: whether it has to is what this says.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from config.wiring import Runtime
from sync.delays import INFINITE, NOTICED, WRITTEN, quantile
from sync.phrases import isoformat
from sync.ports.streams import Delays, StreamStatus

_SHARES = {"median": 0.5, "p99": 0.99}


def told(runtime: Runtime, names: Iterable[str]) -> dict[str, dict[str, object] | None]:
    """For each of these orgs; None where its events are not switched on."""
    store = runtime.store
    now, streams = store.now(), store.streams()
    measured = {"noticed": store.delays(NOTICED), "written": store.delays(WRITTEN)}
    return {
        name: _row(name, streams.get(name), measured, now)
        if runtime.settings.orgs[name].events
        else None
        for name in names
    }


def _row(
    name: str,
    stream: StreamStatus | None,
    measured: Mapping[str, Mapping[str, Delays]],
    now: datetime,
) -> dict[str, object]:
    within = {what: _within(delays.get(name)) for what, delays in measured.items()}
    if stream is None:
        return {"works": False, "problem": "Nobody listens: start `license-sync listen`."} | {
            "topic": None, "since": None, "heard_at": None, "position_at": None,
            "events": 0, "mattered": 0, "within_seconds": within,
        }  # fmt: skip
    works = stream.works(now)
    return {
        "works": works,
        "problem": None if works else stream.problem or _why_not(stream, now),
        "topic": stream.topic,
        "since": isoformat(stream.opened_at) if works else None,
        "heard_at": isoformat(stream.heard_at),
        "position_at": isoformat(stream.position_at),
        "events": stream.events,
        "mattered": stream.mattered,
        "within_seconds": within,
    }


def _why_not(stream: StreamStatus, now: datetime) -> str:
    if stream.lease_until is None or stream.lease_until <= now:
        return "Nobody listens: start `license-sync listen`."
    return "The stream is open and has said nothing yet."


def _within(delays: Delays | None) -> dict[str, float | None]:
    """Limits in seconds below which half and nearly all of them ended; None beyond the last."""
    counts = {} if delays is None else delays.counts
    found = {name: quantile(counts, share) for name, share in _SHARES.items()}
    return {name: None if limit == INFINITE else limit for name, limit in found.items()}


def sentence(row: Mapping[str, object] | None) -> str | None:
    """What keeps an org's changes from being told at once, if they should be."""
    if row is None or row["works"]:
        return None
    return f"changes are found by polling alone: {row['problem']}"
