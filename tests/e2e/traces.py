"""What a run leaves behind: the calls it made, its logs and files."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.harness import Salesforce
from tests.e2e.judge import Verdict

REREAD, WRITE = 2000, 200
_SETTLED = re.compile(r": settled (\d+):")


def call_figures(calls: Iterable[Mapping[str, Any]], by: str) -> Counter[str]:
    """Calls of the program by kind, and the records that they carried."""
    figures: Counter[str] = Counter()
    for call in calls:
        if call["user_id"] != by or "/services/data" not in call["path"]:
            continue
        kind = kind_of(call)
        figures[kind] += 1
        figures[f"{kind} records"] += int(call["records"] or 0)
    return figures


def kind_of(call: Mapping[str, Any]) -> str:
    """What a call is for."""
    path = str(call["path"]).rstrip("/").lower()
    if path.endswith("/composite"):
        return "guarded writes"
    if "/composite/sobjects" in path:
        return "writes" if call["method"] == "PATCH" else "re-reads"
    return "polls" if "/query" in path else "other"


def judge_calls(
    verdict: Verdict, calls: Counter[str], written: Iterable[int], log: str, *, calm: bool
) -> dict[str, float]:
    """One re-read for 2,000 users of a claim, one write for 200 users of a batch, not more.

    `written` are the sizes of the batches that wrote. In trouble calls are repeated.
    """
    claims = [int(found) for found in _SETTLED.findall(log)]
    reads = sum(-(-size // REREAD) for size in claims)
    writes = sum(-(-size // WRITE) for size in written)
    if calm and calls["re-reads"] > reads:
        verdict.wrong.append(f"{calls['re-reads']} re-reads for {reads} claims")
    if calm and calls["writes"] > writes:
        verdict.wrong.append(f"{calls['writes']} writes where {writes} would do")
    changed = max(calls["writes records"] + calls["guarded writes records"], 1)
    settling = calls["writes"] + calls["guarded writes"] + calls["re-reads"]
    return {
        "settling calls per 1000 changed": round(1000 * settling / changed, 1),
        "with polls": round(1000 * (settling + calls["polls"]) / changed, 1),
    }


def secret_of(org: Salesforce) -> re.Pattern[bytes]:
    """What nothing of the program may hold: session ids, tokens, keys, the org's secret."""
    return re.compile(
        rb"00D\w{12,15}(?:!|%21)[\w.]+|eyJ[\w-]{10,}\.[\w-]{10,}\.|PRIVATE KEY|"
        + re.escape(org.facts["client_secret"].encode())
    )


def secrets_in(home: Path, org: Salesforce) -> tuple[int, list[str]]:
    """How many files of the program were searched, and those that hold something secret."""
    secret = secret_of(org)
    theirs = home / "org"
    files = [p for p in home.rglob("*") if p.is_file() and not p.is_relative_to(theirs)]
    return len(files), [p.name for p in files if secret.search(p.read_bytes())]
