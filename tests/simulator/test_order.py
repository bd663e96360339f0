"""The journal's order of changes is the order of what happened, whatever goes on at once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.simulator.running import Client, Simulator

FIELDS = ("Title", "Department", "Division")


def edit(client: Client, people: list[str], seed: int) -> None:
    rng = random.Random(seed)
    for n in range(25):
        value = {rng.choice(FIELDS): f"{seed}-{n}"}
        try:
            if rng.random() < 0.5:
                client.call("PATCH", f"sobjects/User/{rng.choice(people)}", json=value)
            else:
                records = [
                    {"attributes": {"type": "User"}, "id": i, **value}
                    for i in rng.sample(people, 5)
                ]
                client.call("PATCH", "composite/sobjects", json={"records": records})
        except requests.ConnectionError:
            continue


def test_replaying_the_changes_gives_the_records(org: Simulator, people: list[str]) -> None:
    some = people[:12]
    since = org.last_change()
    soql = f"SELECT Id, {', '.join(FIELDS)} FROM User WHERE Id IN ({', '.join(map(repr, some))})"
    admin = org.admin()
    state: dict[str, dict[str, Any]] = {r["Id"]: dict(r) for r in admin.soql(soql)}
    org.fault("slow_commit", seconds=0.05, share=0.2)
    org.fault("row_lock", share=0.1)
    org.fault("lost_answer", share=0.1)
    org.fault("cut_before", share=0.05, match={"method": "PATCH"})
    clients = [org.login(), org.admin(), org.login(), org.admin()]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: edit(clients[n], some, n), range(4)))
    changes = org.changes(since)
    assert len(changes) > 100
    assert [c["seq"] for c in changes] == sorted({c["seq"] for c in changes})
    for change in changes:
        record = state[change["id"]]
        assert change["before"] == {name: record[name] for name in change["before"]}
        record.update(change["after"])
    for found in admin.soql(soql):
        assert {f: found[f] for f in FIELDS} == {f: state[found["Id"]][f] for f in FIELDS}
