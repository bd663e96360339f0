"""Every way of writing a record publishes one event, which says by which API it came."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.simulator import bulk1_jobs, bulk_jobs
from tests.simulator.running import Client, Simulator
from tests.simulator.subscriber import Bus, opened

CLIENT = {"Sforce-Call-Options": "client=license-sync, defaultNamespace=x"}
ORIGIN = "com/salesforce/api/rest/59.0;client=license-sync"
Write = Callable[[Client, str, str], None]


def update(client: Client, user: str, **fields: object) -> None:
    answer = client.call("PATCH", f"sobjects/User/{user}", json=fields, headers=CLIENT)
    assert answer.status_code == 204, answer.text


def by_row(client: Client, user: str, title: str) -> None:
    update(client, user, Title=title)


def by_collection(client: Client, user: str, title: str) -> None:
    record = {"attributes": {"type": "User"}, "id": user, "Title": title}
    body = {"records": [record]}
    answer = client.call("PATCH", "composite/sobjects", json=body, headers=CLIENT)
    assert answer.json()[0]["success"], answer.text


def by_composite(client: Client, user: str, title: str) -> None:
    part = {"method": "PATCH", "referenceId": "a", "body": {"Title": title}}
    part["url"] = f"/services/data/v59.0/sobjects/User/{user}"
    body = {"compositeRequest": [part]}
    answer = client.call("POST", "composite", json=body, headers=CLIENT)
    assert answer.json()["compositeResponse"][0]["httpStatusCode"] == 204, answer.text


def by_graph(client: Client, user: str, title: str) -> None:
    part = {"method": "PATCH", "referenceId": "a", "body": {"Title": title}}
    part["url"] = f"/services/data/v59.0/sobjects/User/{user}"
    body = {"graphs": [{"graphId": "g", "compositeRequest": [part]}]}
    answer = client.call("POST", "composite/graph", json=body, headers=CLIENT)
    assert answer.json()["graphs"][0]["isSuccessful"], answer.text


def by_batch(client: Client, user: str, title: str) -> None:
    part = {"method": "PATCH", "url": f"v59.0/sobjects/User/{user}", "richInput": {"Title": title}}
    body = {"batchRequests": [part]}
    answer = client.call("POST", "composite/batch", json=body, headers=CLIENT)
    assert not answer.json()["hasErrors"], answer.text


def by_bulk(client: Client, user: str, title: str) -> None:
    client.headers.update(CLIENT)
    done = bulk_jobs.Ingest(client, "update").run(f"Id,Title\n{user},{title}\n")
    assert done["numberRecordsFailed"] == 0


def by_old_bulk(client: Client, user: str, title: str) -> None:
    client.headers.update(CLIENT)
    job = bulk1_jobs.Job(client, "update", "User")
    job.add(f"Id,Title\n{user},{title}\n")


WAYS: dict[str, tuple[Write, str]] = {
    "row": (by_row, ORIGIN),
    "collection": (by_collection, ORIGIN),
    "composite": (by_composite, ORIGIN),
    "graph": (by_graph, ORIGIN),
    "batch": (by_batch, ORIGIN),
    "bulk": (by_bulk, ORIGIN.replace("rest", "bulkapi")),
    "old bulk": (by_old_bulk, ORIGIN.replace("rest", "bulkapi")),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_publishes(
    org: Simulator, bus: Bus, sync: Client, user: str, way: str
) -> None:
    write, origin = WAYS[way]
    with bus.listen() as stream:
        opened(org)
        write(sync, user, f"written by {way}")
        event = stream.event()
        assert stream.quiet(0.15)
    header = event.header
    assert (header["entityName"], header["changeType"]) == ("User", "UPDATE")
    assert (header["recordIds"], header["changeOrigin"]) == ([user], origin)
    assert header["commitUser"] == org.control("GET", "state")["integration_id"]
    assert (header["sequenceNumber"], header["diffFields"]) == (1, [])
    assert event.fields["Title"] == f"written by {way}"
    assert event.changed[:2] == ["Title", "LastModifiedDate"]
