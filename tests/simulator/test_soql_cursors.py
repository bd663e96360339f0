"""Pages of one result fit together, whatever is written between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.simulator.soql_org import ME, SmallOrg, account_id


@pytest.fixture
def org(tmp_path: Path) -> Iterator[SmallOrg]:
    made = SmallOrg(tmp_path)
    made.put("user", [{"Id": user_id(n), "LastName": f"L{n % 3}"} for n in range(20, 0, -1)])
    yield made
    made.database.close()


def user_id(number: int) -> str:
    return f"005000000001{number:03d}AAA"


def read_all(org: SmallOrg, text: str, between: Sequence[str] = ()) -> list[str]:
    """Ids of all pages of four; each statement of `between` runs before a further page."""
    page = org.page(text, batch=4)
    ids = [record["Id"] for record in page["records"]]
    total = page["totalSize"]
    statements = iter(between)
    while not page["done"]:
        for statement in list(statements)[:1]:
            org.database.execute(statement)
        page = org.more(page["nextRecordsUrl"], batch=4)
        assert page["totalSize"] == total
        ids += [record["Id"] for record in page["records"]]
    return ids


EVERYONE = [ME, *(user_id(n) for n in range(1, 21))]
NEW = f"INSERT INTO \"so_User\" (Id, LastName) VALUES ('{user_id(15)[:-4]}zAAA', 'L1')"
MOVED = f"UPDATE \"so_User\" SET LastName = 'A', SystemModstamp = 9 WHERE Id = '{user_id(20)}'"


@pytest.mark.parametrize("order", ["", "ORDER BY Id"])
def test_all_of_an_object_comes_once_though_a_record_is_made_meanwhile(
    org: SmallOrg, order: str
) -> None:
    assert read_all(org, f"SELECT Id FROM User {order}", [NEW]) == EVERYONE
    assert len(read_all(org, f"SELECT Id FROM User {order}")) == len(EVERYONE) + 1


@pytest.mark.parametrize("order", ["", "ORDER BY LastName", "ORDER BY SystemModstamp"])
def test_a_filtered_result_comes_once_though_a_record_moves_meanwhile(
    org: SmallOrg, order: str
) -> None:
    ids = read_all(org, f"SELECT Id FROM User WHERE LastName LIKE 'L%' {order}", [MOVED])
    assert sorted(ids) == EVERYONE[1:]


def test_pages_may_be_asked_for_in_any_order(org: SmallOrg) -> None:
    first = org.page("SELECT Id FROM User", batch=4)["nextRecordsUrl"].rpartition("-")[0]
    for begin in (16, 4, 13, 0, 20, 8):
        page = org.more(f"{first}-{begin}", batch=4)
        assert [record["Id"] for record in page["records"]] == EVERYONE[begin : begin + 4]


def test_a_list_of_ids_is_read_across_its_parts(org: SmallOrg) -> None:
    many = [{"Id": f"001000000{n:06d}AAA", "Name": "x"} for n in range(4100)]
    org.put("account", many)
    page = org.page("SELECT Id FROM Account")
    url = page["nextRecordsUrl"].rpartition("-")[0]
    records = org.more(f"{url}-1990", batch=2000)["records"]
    assert [records[0]["Id"], records[-1]["Id"]] == [many[1990]["Id"], many[3989]["Id"]]
    assert org.more(f"{url}-4000")["done"] is True
    assert len(org.more(f"{url}-4000")["records"]) == 100


def test_a_record_that_is_purged_meanwhile_is_left_out(org: SmallOrg) -> None:
    org.put("account", [{"Id": account_id(n), "Name": "x"} for n in range(6)])
    gone = f"DELETE FROM \"so_Account\" WHERE Id = '{account_id(5)}'"
    assert read_all(org, "SELECT Id FROM Account", [gone]) == [account_id(n) for n in range(5)]
