"""What a run leaves behind: history rows for its writes, the calls it made, its logs."""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.harness import Program, Salesforce
from tests.e2e.judge import code, flags

REREAD, WRITE = 2000, 200
_SETTLED = re.compile(r": settled (\d+):")


def history_gaps(
    program: Program, org: Salesforce, start: Mapping[str, Mapping[str, Any]]
) -> tuple[list[str], Counter[str]]:
    """Writes of the program that no history row of their own explains, and how many there were."""
    by, figures = org.facts_now()["integration_id"], Counter[str]()
    with sqlite3.connect(program.database()) as database:
        rows = database.execute("SELECT user_id, held_after, outcome FROM history ORDER BY id")
        intents: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for user_id, held, outcome in rows:
            intents[user_id].append((held, outcome))
            figures[f"history {outcome}"] += 1
    gaps: list[str] = []
    records = {user_id: dict(record) for user_id, record in start.items()}
    since = max(int(u["_seq"]) for u in start.values())
    written: Counter[tuple[str, str]] = Counter()
    for change in org.changes(since):
        if change["id"] not in records:
            continue
        records[change["id"]].update(change["after"])
        if change["by"] == by:
            held = code(flags(records[change["id"]], "Effective"))
            written[change["id"], held] += 1
            figures["writes"] += 1
            figures["writes without effect"] += not change["after"]
    for (user_id, held), count in written.items():
        explained = sum(1 for after, _ in intents[user_id] if after == held)
        if explained < count:
            gaps.append(f"{user_id}: {count} writes of {held}, {explained} rows of history")
    return gaps, figures


def call_figures(calls: Iterable[Mapping[str, Any]], by: str) -> Counter[str]:
    """Calls of the program by kind, and the records that they carried."""
    figures: Counter[str] = Counter()
    for call in calls:
        if call["user_id"] != by or "/services/data" not in call["path"]:
            continue
        kind = _kind(call)
        figures[kind] += 1
        figures[f"{kind} records"] += int(call["records"] or 0)
    return figures


def _kind(call: Mapping[str, Any]) -> str:
    path = str(call["path"]).rstrip("/").lower()
    if path.endswith("/composite"):
        return "guarded writes"
    if "/composite/sobjects" in path:
        return "writes" if call["method"] == "PATCH" else "re-reads"
    return "polls" if "/query" in path else "other"


def call_excess(calls: Counter[str], log: str) -> list[str]:
    """Too many calls: more than one re-read for 2,000 users claimed, one write for 200, a batch."""
    batches = [int(found) for found in _SETTLED.findall(log)]
    reads, writes = (sum(-(-size // most) for size in batches) for most in (REREAD, WRITE))
    found = []
    if calls["re-reads"] > reads:
        found.append(f"{calls['re-reads']} re-reads for {reads} by the batches")
    if calls["writes"] > writes:
        found.append(f"{calls['writes']} writes for {writes} by the batches")
    return found


def secrets_in(home: Path, org: Salesforce) -> list[str]:
    """Logs that hold a token, the client secret or a private key."""
    patterns = [r"00D\w{12,15}![\w.]+", re.escape(org.facts["client_secret"]), "PRIVATE KEY"]
    secret = re.compile("|".join(patterns))
    logs = [*home.rglob("*.log"), *home.rglob("*.txt")]
    return [path.name for path in logs if secret.search(path.read_text(errors="replace"))]
