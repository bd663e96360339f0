"""From what runs to what the checker reads: evidence of the orgs, the store, logs and files."""

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.chaos.checks.evidence import CalmEdit, Evidence, Reconciled
from tests.chaos.searching import secrets_in_files, secrets_in_tables
from tests.chaos.stage import Stage
from tests.e2e import traces
from tests.e2e.harness import ORG, Salesforce
from tests.e2e.judge import since_of
from tests.e2e.soak import snapshot
from tests.outbound import TOKEN

SHADOW_SECONDS = 10.0
"""How long after its end a trouble of the machine still counts as one."""


@dataclass(frozen=True)
class Beginning:
    """What there was before anything happened; `offset` is the org's clock less ours."""

    users: Mapping[str, Mapping[str, Any]]
    calm_changes: int
    last_row: int
    offset: float


def beginning(stage: Stage) -> Beginning:
    """Look at both orgs, quiet as they are."""
    offset = float(stage.org.facts_now()["clock_offset"])
    last_row = int(stage.books.rows("SELECT max(id) AS n FROM history")[0]["n"] or 0)
    return Beginning(snapshot(stage.org), stage.calm.facts_now()["last_change"], last_row, offset)


def gather(
    stage: Stage, start: Beginning, troubles: Sequence[tuple[float, str]], token: str
) -> Evidence:
    """Everything; the program is still up, and quiet.

    The second reconcile comes last: it would mend what nobody was told of.
    """
    listed = stage.made.json("conflicts", "list")
    found = Evidence(
        own_id=stage.org.facts_now()["integration_id"],
        start=start.users,
        end=stage.org.users(),
        changes=list(_in_our_time(stage.org, start, troubles)),
        conflicts=_of_org(stage, "conflict"),
        history=[row for row in _of_org(stage, "history") if row["id"] > start.last_row],
        pending=_of_org(stage, "pending_user"),
        brakes=_of_org(stage, "brake"),
        listed=[row for row in listed if row["org"] == ORG],
        reconciled=Reconciled(0, 0),
        calm=list(_calm_edits(stage.calm, start.calm_changes, troubles)),
    )
    again = _reconcile_again(stage)
    return replace(found, reconciled=again, secrets=_secrets(stage, token), log=stage.made.log())


def _of_org(stage: Stage, table: str) -> list[dict[str, Any]]:
    return stage.books.rows(f"SELECT * FROM {table} WHERE org = '{ORG}'")


def _reconcile_again(stage: Stage) -> Reconciled:
    call, own = stage.org.last_call(), stage.org.facts_now()["integration_id"]
    try:
        said = stage.made.json("reconcile", "--org", ORG, "--wait")
    except subprocess.TimeoutExpired:  # that nothing gets settled is told by who waited for it
        said = {"users_read": -1, "unsettled": -1}
    writes = [
        f"{call['method']} {call['path']}"
        for call in stage.org.calls(call)
        if call["user_id"] == own and (call["writes"] or "writes" in traces.kind_of(call))
    ]
    return Reconciled(said["users_read"], said["unsettled"], writes)


def _in_our_time(
    org: Salesforce, start: Beginning, troubles: Sequence[tuple[float, str]]
) -> Iterator[Mapping[str, Any]]:
    """The changes since the start, told by the clock of the program's machine."""
    jumped = [at for at, what in troubles if what == "the org's clock jumps"]
    offset_now = float(org.facts_now()["clock_offset"])
    for change in org.changes(since_of(start.users)):
        is_after = bool(jumped) and change["at"] - offset_now >= jumped[0] - 1
        yield change | {"at": change["at"] - (offset_now if is_after else start.offset)}


def _calm_edits(
    calm: Salesforce, since: int, troubles: Sequence[tuple[float, str]]
) -> Iterator[CalmEdit]:
    """Each edit there, and when Cloud PBX was what it asked for."""
    own, waiting = calm.facts_now()["integration_id"], dict[str, float]()
    has: dict[str, bool] = {}
    for change in calm.changes(since):
        user_id, after, at = change["id"], change["after"], float(change["at"])
        if change["by"] != own and "Requested_PBX__c" in after:
            asks = after["Requested_PBX__c"]
            waiting.setdefault(user_id, at)
            if has.setdefault(user_id, not asks) == asks:  # taken back before anybody came to it
                del waiting[user_id]
        elif "Effective_PBX__c" in after:
            has[user_id] = after["Effective_PBX__c"]
            if user_id in waiting:
                edited = waiting.pop(user_id)
                yield CalmEdit(user_id, edited, at, _trouble_until(troubles, edited, at))
    for user_id, edited in waiting.items():
        yield CalmEdit(user_id, edited, None)


def _trouble_until(
    troubles: Sequence[tuple[float, str]], edited: float, settled: float
) -> float | None:
    """When the machine was last in trouble while an edit waited, or just before it."""
    met = [at for at, _ in troubles if edited - SHADOW_SECONDS <= at <= settled]
    return max(met, default=None)


def _secrets(stage: Stage, token: str) -> list[str]:
    """Where a secret of either org is, or a token that opens the page."""
    patterns = [traces.secret_of(stage.org), traces.secret_of(stage.calm)]
    patterns += [re.compile(re.escape(one.encode())) for one in (token, TOKEN)]
    files = secrets_in_files(stage.home / "program", patterns)
    return [*files, *secrets_in_tables(stage.books, patterns)]
