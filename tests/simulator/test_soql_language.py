"""Aggregates, nested queries, semi-joins, functions and clauses, as Salesforce answers them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.soql_org import SmallOrg, account_id, trading_org


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOrg]:
    made = trading_org(tmp_path_factory.mktemp("small"))
    yield made
    made.database.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SELECT COUNT(Id), COUNT(Amount) n, COUNT_DISTINCT(Industry) FROM Account",
            {"expr0": 3, "n": 2, "expr1": 2},
        ),
        (
            "SELECT SUM(Amount), AVG(Amount), MIN(Name), MAX(Amount) FROM Account",
            {"expr0": 300.5, "expr1": 150.25, "expr2": "Acme", "expr3": 200.5},
        ),
        ("SELECT SUM(Staff) s FROM Account", {"s": 12.0}),
        ("SELECT MAX(CreatedDate) FROM Account", {"expr0": "2024-06-15T12:30:45.000+0000"}),
        ("SELECT SUM(Amount) FROM Account WHERE Name = 'nobody'", {"expr0": None}),
    ],
)
def test_an_aggregate_without_groups_is_one_row(
    org: SmallOrg, text: str, expected: dict[str, object]
) -> None:
    page = org.page(text)
    assert page == {
        "totalSize": 1,
        "done": True,
        "records": [{"attributes": {"type": "AggregateResult"}, **expected}],
    }
    assert [type(v) for v in list(page["records"][0].values())[1:]] == [
        type(v) for v in expected.values()
    ]


def test_groups_are_filtered_and_ordered_by_aggregates(org: SmallOrg) -> None:
    grouped = "SELECT Industry, COUNT(Id) FROM Account GROUP BY Industry"
    assert org.values(f"{grouped} ORDER BY COUNT(Id) DESC") == [("Tech", 2), ("Steel", 1)]
    assert org.values(f"{grouped} HAVING COUNT(Id) > 1") == [("Tech", 2)]
    assert org.values(f"{grouped} HAVING Industry LIKE 'st%'") == [("Steel", 1)]
    assert org.values(f"{grouped} ORDER BY Industry LIMIT 1") == [("Steel", 1)]


def test_groups_by_a_parent_s_field_keep_the_field_s_name(org: SmallOrg) -> None:
    text = (
        "SELECT Account.Name, COUNT(Id) c FROM Contact WHERE AccountId != null "
        "GROUP BY Account.Name ORDER BY Account.Name"
    )
    assert org.records(text) == [
        {"attributes": {"type": "AggregateResult"}, "Name": "Acme", "c": 3},
        {"attributes": {"type": "AggregateResult"}, "Name": "Bolt", "c": 1},
    ]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("CALENDAR_YEAR(CreatedDate)", 2024),
        ("CALENDAR_QUARTER(CreatedDate)", 2),
        ("CALENDAR_MONTH(CreatedDate)", 6),
        ("FISCAL_QUARTER(CreatedDate)", 2),
        ("DAY_IN_MONTH(CreatedDate)", 15),
        ("DAY_IN_WEEK(CreatedDate)", 7),
        ("DAY_IN_YEAR(CreatedDate)", 167),
        ("WEEK_IN_MONTH(CreatedDate)", 3),
        ("WEEK_IN_YEAR(CreatedDate)", 24),
        ("HOUR_IN_DAY(CreatedDate)", 12),
        ("HOUR_IN_DAY(convertTimezone(CreatedDate))", 8),
        ("DAY_ONLY(CreatedDate)", "2024-06-15"),
    ],
)
def test_date_functions_group_and_filter(org: SmallOrg, call: str, expected: object) -> None:
    assert org.values(f"SELECT {call}, COUNT(Id) FROM Account GROUP BY {call}") == [(expected, 3)]
    assert org.page(f"SELECT COUNT() FROM Account WHERE {call} = {expected}")["totalSize"] == 3
    assert org.page(f"SELECT COUNT() FROM Account WHERE {call} != {expected}")["totalSize"] == 0


def test_nested_queries_show_their_own_result_or_null(org: SmallOrg) -> None:
    text = (
        "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName LIMIT 2) "
        "FROM Account ORDER BY Name"
    )
    first, second, third = org.records(text)
    assert first["Contacts"]["totalSize"] == 2
    assert first["Contacts"]["done"] is True
    assert [c["LastName"] for c in first["Contacts"]["records"]] == ["Alpha", "Beta"]
    assert first["Contacts"]["records"][0]["attributes"]["type"] == "Contact"
    assert second["Contacts"]["totalSize"] == 1
    assert third["Contacts"] is None


def test_a_nested_result_has_pages_of_its_own(org: SmallOrg) -> None:
    text = (
        "SELECT Name, (SELECT LastName FROM Account.Contacts c WHERE c.LastName != 'x' "
        "ORDER BY LastName) FROM Account WHERE Name = 'Acme'"
    )
    nested = org.page(text, batch=2)["records"][0]["Contacts"]
    assert (nested["totalSize"], nested["done"], len(nested["records"])) == (3, False, 2)
    rest = org.more(nested["nextRecordsUrl"], batch=2)
    assert [r["LastName"] for r in rest["records"]] == ["Zeta"]
    assert rest["done"] is True
    assert rest["totalSize"] == 3


def test_pages_behind_the_first_have_nested_results_too(org: SmallOrg) -> None:
    page = org.page("SELECT Name, (SELECT Id FROM Contacts) FROM Account ORDER BY Name", batch=1)
    assert [len(page["records"][0]["Contacts"]["records"])] == [1]
    page = org.more(page["nextRecordsUrl"], batch=1)
    assert page["records"][0]["Name"] == "Bolt"
    assert page["records"][0]["Contacts"]["totalSize"] == 1


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Id IN (SELECT AccountId FROM Contact)", ["Acme", "Bolt"]),
        ("Id NOT IN (SELECT AccountId FROM Contact)", ["Çelik"]),
        ("Id IN (SELECT AccountId FROM Contact WHERE LastName LIKE 'z%') AND Staff > 1", ["Acme"]),
        (
            "Id IN (SELECT AccountId FROM Contact WHERE Account.Staff > 1) AND OwnerId = null",
            ["Bolt"],
        ),
        ("Tags INCLUDES ('Red')", ["Acme"]),
        ("Tags INCLUDES ('Red;Blue', 'Dark Red')", ["Acme", "Çelik"]),
        ("Tags EXCLUDES ('Blue')", ["Çelik"]),
        ("Name = 'ÇELIK'", ["Çelik"]),
        ("Name LIKE 'ÇE%'", ["Çelik"]),
        ("Amount > 1e2", ["Bolt"]),
        ("Amount = null", ["Çelik"]),
        ("Amount != 100", ["Bolt", "Çelik"]),
        ("Founded = 2024-06-15", ["Acme"]),
        ("Founded < 2024-01-01", ["Bolt"]),
        ("Founded = TODAY", ["Acme"]),
        ("Founded IN (TODAY, 2023-01-31)", ["Acme", "Bolt"]),
        ("SystemModstamp = TODAY", ["Acme", "Bolt"]),
        ("SystemModstamp < LAST_N_DAYS:30", ["Çelik"]),
        ("SystemModstamp != THIS_YEAR", ["Çelik"]),
        ("DAY_ONLY(SystemModstamp) < 2024-01-01", ["Çelik"]),
        ("toLabel(Industry) = 'Steel'", ["Çelik"]),
        ("Owner.LastName = 'me'", ["Acme"]),
    ],
)
def test_conditions(org: SmallOrg, where: str, expected: list[str]) -> None:
    assert sorted(org.values(f"SELECT Name FROM Account WHERE {where}")) == expected


@pytest.mark.parametrize(
    "clauses",
    [
        "USING SCOPE everything WHERE Name = 'Acme'",
        "USING SCOPE mine",
        "WHERE Name = 'Acme' WITH SECURITY_ENFORCED",
        "WHERE Name = 'Acme' WITH USER_MODE LIMIT 1 FOR VIEW",
        "WHERE Name = 'Acme' ORDER BY Name FOR REFERENCE",
        "WHERE Name = 'Acme' FOR UPDATE",
        "a WHERE a.Name = 'Acme' AND Account.Staff = 5",
        "a, a.Owner o WHERE o.LastName = 'Me'",
    ],
)
def test_clauses_that_are_taken(org: SmallOrg, clauses: str) -> None:
    assert org.values(f"SELECT Name FROM Account {clauses}") == ["Acme"]


def test_deleted_rows_are_for_query_all(org: SmallOrg) -> None:
    text = "SELECT Name, IsDeleted FROM Account ORDER BY Name DESC"
    assert ("Gone", True) not in org.values(text)
    assert ("Gone", True) in org.values(text, deleted=True)
    nested = "SELECT (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'Çelik'"
    assert org.records(nested)[0]["Contacts"] is None
    assert org.records(nested, deleted=True)[0]["Contacts"]["totalSize"] == 1


def test_fields_of_a_kind(org: SmallOrg) -> None:
    record = org.records("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Acme' LIMIT 200")[0]
    assert list(record)[1:4] == ["Id", "Name", "Industry"]
    assert record["Founded"] == "2024-06-15"
    assert org.records("SELECT FIELDS(STANDARD) FROM Account LIMIT 1")[0].keys() == record.keys()
    assert org.values("SELECT Id, FIELDS(CUSTOM) FROM Account WHERE Name = 'Acme' LIMIT 1") == [
        account_id(1)
    ]


def test_functions_in_the_select_list(org: SmallOrg) -> None:
    text = (
        "SELECT toLabel(Industry), FORMAT(Amount) shown, Amount, toLabel(Owner.LastName) "
        "FROM Account WHERE Name = 'Acme'"
    )
    record = org.records(text)[0]
    assert (record["Industry"], record["shown"], record["Amount"]) == ("Tech", "100.0", 100.0)
    assert record["Owner"]["LastName"] == "Me"
    shown = org.values("SELECT FORMAT(CreatedDate) FROM Account WHERE Name = 'Acme'")
    assert shown == ["6/15/2024, 8:30 AM"]
