"""How the simulated org bears many users: `python -m bench.simulator [--users N] [--data DIR]`.

Prints how long it takes to start, its pages of 2,000 whole records by every way of paging, a
bulk query of everybody (and how other calls are answered meanwhile), a bulk update, and the
memory that the process needed at most for each. `--data DIR` leaves the org there and finds it
again the next time.
"""

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.simulator.bulk_jobs import Ingest
from tests.simulator.running import Client, Simulator

START, PAGE = 60.0, 100.0  # seconds and milliseconds that it may take at most
ROWS = 2000
UPDATED = 100_000
BULK_PATIENCE = 1200.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench simulator", description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--data", type=Path, metavar="DIR")
    parser.add_argument("--rounds", type=int, default=20)
    wanted = parser.parse_args()
    options = ["--users", str(wanted.users), "--seed", "1"]
    begun = time.perf_counter()
    simulator = Simulator(*options, *(["--data", str(wanted.data)] if wanted.data else []))
    taken = time.perf_counter() - begun
    try:
        print(f"  {wanted.users:,} users: started in {taken:.1f} s, at most {memory(simulator)} MB")
        ids = bulk_query(simulator)
        bulk_update(simulator, ids)
        slowest = pages(simulator, wanted.rounds)
    finally:
        simulator.stop()
    print(f"started in {taken:.1f} s, wanted below {START:.0f} s")
    print(f"slowest median of a page {slowest:.0f} ms, wanted below {PAGE:.0f} ms")
    return 0 if taken < START and slowest < PAGE else 1


def pages(simulator: Simulator, rounds: int) -> float:
    """Pages of whole records at places spread over the org; the slowest median."""
    client = simulator.login()
    everyone = sorted(spread(client, rounds), key=lambda place: place[1])
    described = client.call("GET", "sobjects/User/describe").json()["fields"]
    names = [field["name"] for field in described]
    columns = ", ".join(names)
    by_stamp = (
        f"SELECT {columns} FROM User WHERE (SystemModstamp = {{0}} AND Id > '{{1}}') OR "
        f"SystemModstamp > {{0}} ORDER BY SystemModstamp, Id LIMIT {ROWS}"
    )
    by_id = f"SELECT {columns} FROM User WHERE Id > '{{1}}' ORDER BY Id LIMIT {ROWS}"
    found = [
        measure("by stamp and id", [lambda p=p: soql(client, by_stamp, p) for p in everyone]),
        measure("by id", [lambda p=p: soql(client, by_id, p) for p in everyone]),
        measure("by nextRecordsUrl", following(client, columns, rounds)),
        measure("composite, by ids", read_by_ids(client, names, everyone)),
    ]
    return max(found)


def spread(client: Client, count: int) -> list[tuple[str, str]]:
    """Stamp and id of users all over the org, none too near to its end."""
    most = client.call("GET", "limits/recordCount", params={"sObjects": "User"}).json()
    total = most["sObjects"][0]["count"]
    found, last = [], ""
    step = max(1, (total - ROWS) // count)
    for _ in range(count):
        where = f"WHERE Id > '{last}' " if last else ""
        page = client.soql(
            f"SELECT Id, SystemModstamp FROM User {where}ORDER BY Id LIMIT 1 OFFSET "
            f"{min(2000, step - 1)}"
        )
        if not page:
            break
        stamp = page[0]["SystemModstamp"].replace("+0000", "Z")
        found.append((stamp, page[0]["Id"]))
        last = page[0]["Id"]
    return found


def soql(client: Client, text: str, place: tuple[str, str]) -> int:
    return read(client, "query", params={"q": text.format(*place)})


def read(client: Client, path: str, method: str = "GET", **more: Any) -> int:
    """Takes the whole answer, unparsed: what the client does with it is its own affair."""
    answer = client.call(method, path, **more)
    assert answer.status_code == 200, answer.text
    return len(answer.content)


def following(client: Client, columns: str, rounds: int) -> list[Callable[[], int]]:
    """Pages all over the result of one query for everybody."""
    first = client.call("GET", "query", params={"q": f"SELECT {columns} FROM User"}).json()
    url = first.get("nextRecordsUrl", "")
    path, _, _ = url.rpartition("-")
    step = max(ROWS, first["totalSize"] // rounds)
    places = range(ROWS, first["totalSize"], step)
    return [lambda place=place: read(client, f"{path}-{place}") for place in places if url]


def read_by_ids(
    client: Client, names: list[str], everyone: list[tuple[str, str]]
) -> list[Callable[[], int]]:
    lists = [
        [row["Id"] for row in client.soql(f"SELECT Id FROM User WHERE Id > '{i}' LIMIT {ROWS}")]
        for _, i in everyone
    ]

    bodies = [{"ids": ids, "fields": names} for ids in lists]
    path = "composite/sobjects/User"
    return [lambda body=body: read(client, path, "POST", json=body) for body in bodies]


def measure(what: str, calls: list[Callable[[], int]]) -> float:
    """Prints and gives back the median in milliseconds, to the last byte of the answer."""
    spent = []
    for call in calls:
        begun = time.perf_counter()
        call()
        spent.append((time.perf_counter() - begun) * 1000)
    median = statistics.median(spent)
    print(f"  page {what:20} median {median:6.0f} ms   most {max(spent):6.0f} ms", flush=True)
    return median


def bulk_query(simulator: Simulator) -> list[str]:
    """Everybody, with a dozen columns, while an admin keeps editing; the first ids of all."""
    client = simulator.login()
    columns = "Id, Username, Name, Email, IsActive, SystemModstamp, Department, ProfileId, "
    columns += "Effective_CTI__c, Effective_PBX__c, Requested_CTI__c, License_Sync_Status__c"
    order = {"operation": "query", "query": f"SELECT {columns} FROM User"}
    forget_peak(simulator)
    with editing(simulator) as spent:
        begun = time.perf_counter()
        path = f"jobs/query/{client.call('POST', 'jobs/query', json=order).json()['id']}"
        count = until_done(client, path)
        taken = time.perf_counter() - begun
        report("bulk query", count, taken, simulator)
        begun = time.perf_counter()
        size = sum(map(len, streamed(client, f"{path}/results")))
        read_in = time.perf_counter() - begun
        ids = client.call("GET", f"{path}/results", params={"maxRecords": UPDATED}).text
        print(f"  its result: {size / 1e6:,.0f} MB read in {read_in:.1f} s")
    edits = statistics.quantiles(spent, n=100) if len(spent) > 1 else [0.0] * 99
    print(
        f"  edits meanwhile: {len(spent):,}, median {edits[49]:.0f} ms, p99 {edits[98]:.0f} ms; "
        f"at most {memory(simulator)} MB"
    )
    return [line[1:19] for line in ids.splitlines()[1:]]


def bulk_update(simulator: Simulator, ids: list[str]) -> None:
    """One field of so many users."""
    client = simulator.login()
    job = Ingest(client, "update")
    forget_peak(simulator)
    begun = time.perf_counter()
    job.start("Id,Title\n" + "".join(f"{record_id},bench\n" for record_id in ids))
    count = until_done(client, job.path)
    report("bulk update", count, time.perf_counter() - begun, simulator)


def report(what: str, count: int, taken: float, simulator: Simulator) -> None:
    print(
        f"  {what} of {count:,} rows: {taken:.1f} s, {count / taken:,.0f} rows/s, "
        f"at most {memory(simulator)} MB",
        flush=True,
    )


def until_done(client: Client, path: str) -> int:
    deadline = time.monotonic() + BULK_PATIENCE
    while time.monotonic() < deadline:
        info = client.call("GET", path).json()
        if info["state"] == "JobComplete":
            return int(info["numberRecordsProcessed"])
        if info["state"] == "Failed":
            break
        time.sleep(0.2)
    sys.exit(f"the job did not end well: {info}")


def streamed(client: Client, path: str) -> Iterator[bytes]:
    with client.call("GET", path, stream=True) as answer:
        yield from answer.iter_content(1 << 20)


@contextmanager
def editing(simulator: Simulator) -> Iterator[list[float]]:
    """An admin edits one user after the other meanwhile; the milliseconds of each edit."""
    admin, spent, stop = simulator.admin(), list[float](), threading.Event()
    ids = [user["Id"] for user in simulator.control("GET", "users?limit=500")["users"]]

    def edit() -> None:
        number = 0
        while not stop.wait(0.01):
            begun = time.perf_counter()
            path = f"sobjects/User/{ids[number % len(ids)]}"
            admin.call("PATCH", path, json={"Title": f"t{number}"})
            spent.append((time.perf_counter() - begun) * 1000)
            number += 1

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        yield spent
    finally:
        stop.set()
        editor.join()


def memory(simulator: Simulator) -> int:
    """Megabytes that the process held at most since the last `forget_peak`; Linux only."""
    status = Path(f"/proc/{simulator.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def forget_peak(simulator: Simulator) -> None:
    Path(f"/proc/{simulator.process.pid}/clear_refs").write_text("5")


if __name__ == "__main__":
    sys.exit(main())
