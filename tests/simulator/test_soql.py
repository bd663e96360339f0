"""The grammar and the compiled SQL, against a small table and a plain reading of the conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.database import Database
from simulator.errors import ApiError
from simulator.records import Records
from simulator.schema.access import Access
from simulator.schema.metadata import read_schema
from simulator.soql.execution import Queries
from simulator.soql.parser import parse
from simulator.soql.syntax import Compare, Junction
from simulator.storage import prepare
from tests.simulator.running import ROOT

SCHEMA = read_schema(ROOT / "sfdx")
ACCESS = Access("005000000000001AAA", (SCHEMA.permission_sets["License_Sync_Integration"],))
NAMES = ["ada", "Ada", "BOB", "o'brien", "50% off", "a_b", "axb", "王伟", "back\\slash", None]


@pytest.fixture(scope="module")
def queries(tmp_path_factory: pytest.TempPathFactory) -> Queries:
    database = Database(tmp_path_factory.mktemp("soql") / "org.db")
    prepare(database, SCHEMA)
    rows = []
    for n, name in enumerate(NAMES):
        row: dict[str, Any] = {f.name: f.stored_default for f in SCHEMA.objects["user"].fields}
        row |= {
            "Id": f"005000000000{n:03d}AAA",
            "LastName": name or "x",
            "Title": name,
            "IsActive": n % 2,
        }
        row |= {
            "SystemModstamp": 1_600_000_000 + n // 3,
            "ManagerId": "005000000000000AAA" if n else None,
        }
        rows.append(row)
    Records(database, SCHEMA).insert(SCHEMA.objects["user"], rows)
    return Queries(database, SCHEMA)


def run(queries: Queries, text: str) -> Any:
    return queries.run(text, ACCESS, "/services/data/v59.0/", batch=2000, deleted=False, now=0)


def titles(queries: Queries, where: str) -> list[str | None]:
    records = run(queries, f"SELECT Title FROM User {where}")["records"]
    return [record["Title"] for record in records]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("WHERE Title = 'ADA'", ["ada", "Ada"]),
        ("WHERE Title = 'o\\'brien'", ["o'brien"]),
        ("WHERE Title = 'back\\\\slash'", ["back\\slash"]),
        ("WHERE Title = '\\u738b伟'", ["王伟"]),
        ("WHERE Title LIKE 'a%'", ["ada", "Ada", "a_b", "axb"]),
        ("WHERE Title LIKE 'a_b'", ["a_b", "axb"]),
        ("WHERE Title LIKE 'a\\_b'", ["a_b"]),
        ("WHERE Title LIKE '50\\% off'", ["50% off"]),
        ("WHERE Title LIKE 'back\\\\%'", ["back\\slash"]),
        ("WHERE Title = null", [None]),
        ("WHERE Title = ''", [None]),
        (
            "WHERE Title != null AND Title != 'ada' AND Title < 'b'",
            ["50% off", "a_b", "axb", "back\\slash"][:3],
        ),
        (
            "WHERE Title NOT IN ('ada', 'BOB', 'a_b', 'axb', '王伟', 'o\\'brien')",
            ["50% off", "back\\slash", None],
        ),
        ("WHERE Title != 'ada' AND Id > '005000000000008AAA'", [None]),
        ("WHERE NOT Title = 'ada' AND (NOT Title LIKE '%')", [None]),
        ("WHERE Title IN ('bob', null)", ["BOB", None]),
        ("WHERE SystemModstamp = 2020-09-13T12:26:40Z", ["ada", "Ada", "BOB"]),
        ("WHERE SystemModstamp < 2020-09-13T14:26:41+02:00", ["ada", "Ada", "BOB"]),
        ("WHERE SystemModstamp = 2020-09-13T12:26:40.000Z AND IsActive = TRUE", ["Ada"]),
        ("WHERE Id = '005000000000001'", ["Ada"]),
        (
            "WHERE Manager.Title = 'ada' AND IsActive = false",
            ["BOB", "50% off", "axb", "back\\slash"],
        ),
        ("ORDER BY Title NULLS LAST, Id LIMIT 2", ["50% off", "a_b"]),
        ("ORDER BY Title, Id LIMIT 1", [None]),
        ("ORDER BY Title DESC NULLS LAST LIMIT 1", ["王伟"]),
        ("ORDER BY Id LIMIT 2 OFFSET 3", ["o'brien", "50% off"]),
    ],
)
def test_conditions_and_order(queries: Queries, where: str, expected: list[str | None]) -> None:
    found = titles(queries, where)
    assert (
        found == expected
        if "ORDER" in where
        else sorted(map(str, found)) == sorted(map(str, expected))
    )


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("SELECT Id", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM User WHERE", "MALFORMED_QUERY", "<EOF>"),
        (
            "SELECT Id FROM User WHERE Id = 'a' AND Id = 'b' OR Id = 'c'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ('SELECT Id FROM User WHERE Title = "x"', "MALFORMED_QUERY", "unexpected token"),
        (
            "SELECT Id FROM User WHERE SystemModstamp > 2020-09-13T12:26:40",
            "MALFORMED_QUERY",
            "unexpected token",
        ),
        (
            "SELECT Id FROM User WHERE SystemModstamp > 2020-09-13T12:26:40+0000",
            "MALFORMED_QUERY",
            "unexpected token",
        ),
        (
            "SELECT Id FROM User WHERE SystemModstamp > 2020-13-13T12:26:40Z",
            "MALFORMED_QUERY",
            "Invalid date",
        ),
        (
            "SELECT Id FROM User WHERE SystemModstamp > '2020-09-13T12:26:40Z'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM User WHERE IsActive = 'true'",
            "INVALID_FIELD",
            "must be of type boolean and should not",
        ),
        (
            "SELECT Id FROM User WHERE Title = true",
            "INVALID_FIELD",
            "must be of type string and should be enclosed",
        ),
        ("SELECT Id FROM User WHERE Title = 'a\\q'", "MALFORMED_QUERY", "Illegal string literal"),
        (
            "SELECT Id, Nope__c FROM User",
            "INVALID_FIELD",
            "ERROR at Row:1:Column:12\nNo such column 'Nope__c' on entity 'User'.",
        ),
        ("SELECT Id FROM User WHERE Nope__c = true", "INVALID_FIELD", "No such column 'Nope__c'"),
        ("SELECT Boss.Name FROM User", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id, id FROM User", "INVALID_FIELD", "duplicate field selected: Id"),
        (
            "SELECT Id FROM User WHERE Id = 'abc'",
            "INVALID_QUERY_FILTER_OPERATOR",
            "invalid ID field: abc",
        ),
        ("SELECT Id FROM User OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT Id FROM User LIMIT -1", "MALFORMED_QUERY", "unexpected token: '-1'"),
        ("SELECT Id FROM User WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
    ],
)
def test_errors(queries: Queries, text: str, code: str, part: str) -> None:
    with pytest.raises(ApiError) as refusal:
        run(queries, text)
    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert part in refusal.value.message


def test_the_recorded_message_for_an_unknown_type(queries: Queries) -> None:
    with pytest.raises(ApiError) as refusal:
        run(queries, "select count() from XYZZY")
    assert refusal.value.code == "INVALID_TYPE"
    assert refusal.value.message == (
        "\nselect count() from XYZZY\n                    ^\nERROR at "
        "Row:1:Column:21\nsObject type 'XYZZY' is not "
        "supported. If you are attempting to use a custom object, be sure to append the "
        "'__c' after the entity name. "
        "Please reference your WSDL or the describe call for the appropriate names."
    )


def test_a_caret_points_into_the_right_line(queries: Queries) -> None:
    with pytest.raises(ApiError) as refusal:
        run(queries, "SELECT Id\nFROM User\nWHERE Foo = 1")
    assert "\nWHERE Foo = 1\n      ^\nERROR at Row:3:Column:7\n" in refusal.value.message


def test_too_long_a_query(queries: Queries) -> None:
    with pytest.raises(ApiError, match="MALFORMED_QUERY"):
        run(queries, "SELECT Id FROM User WHERE Title = '" + "x" * 100_000 + "'")


def test_count_and_parents(queries: Queries) -> None:
    assert run(queries, "select COUNT ( ) from user where isactive=true") == {
        "totalSize": 5,
        "done": True,
        "records": [],
    }
    page = run(
        queries,
        "SELECT u.Id, Manager.Manager.Name, Manager.Title, Profile.Name FROM User u ORDER BY "
        "u.Id LIMIT 2",
    )
    first, second = page["records"]
    assert first["Manager"] is None
    assert first["Profile"] is None
    assert second["Manager"]["Title"] == "ada"
    assert second["Manager"]["attributes"] == {
        "type": "User",
        "url": "/services/data/v59.0/sobjects/User/005000000000000AAA",
    }
    assert second["Manager"]["Manager"] is None


def test_hidden_fields_do_not_exist(queries: Queries) -> None:
    nobody = Access("005000000000001AAA", ())
    with pytest.raises(ApiError, match="INVALID_FIELD"):
        queries.run(
            "SELECT Requested_CTI__c FROM User", nobody, "/", batch=200, deleted=False, now=0
        )


def test_keywords_are_recognized_in_any_case() -> None:
    query = parse(
        "sElEcT Id fRoM User wHeRe (Id='a' oR Id='b') aNd (nOt Id iN ('c')) oRdEr bY Id DeSc "
        "nUlLs LaSt lImIt 5"
    )
    assert isinstance(query.where, Junction)
    assert query.where.word == "AND"
    assert query.limit == 5
    assert query.order[0].descending
    assert query.order[0].nulls_last


@given(st.text(max_size=30))
def test_any_string_survives_escaping(text: str) -> None:
    special = {
        "\\": "\\\\",
        "'": "\\'",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
    }
    escaped = "".join(special.get(c, c) for c in text)
    where = parse(f"SELECT Id FROM User WHERE Title = '{escaped}'").where
    assert isinstance(where, Compare)
    assert where.literal.value == text


def outcome(text: str) -> str:
    try:
        parse(text)
    except ApiError as error:
        return error.code
    return "read"


@given(st.text(max_size=60))
def test_any_text_is_answered_with_a_query_or_a_refusal(text: str) -> None:
    known = ("read", "MALFORMED_QUERY", "NUMBER_OUTSIDE_VALID_RANGE")
    assert outcome(f"SELECT Id FROM User {text}") in known


ATOMS = st.sampled_from(
    [
        "IsActive = true",
        "Title = null",
        "Title LIKE 'a%'",
        "Title != 'ada'",
        "Id > '005000000000004AAA'",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " AND ".join(parts) + ")"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: "(" + " OR ".join(parts) + ")"),
        inner.map(lambda part: f"(NOT {part})"),
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(condition=CONDITIONS)
def test_a_condition_and_its_negation_divide_the_rows(queries: Queries, condition: str) -> None:
    yes = run(queries, f"SELECT Id FROM User WHERE {condition}")["totalSize"]
    no = run(queries, f"SELECT Id FROM User WHERE NOT {condition}")["totalSize"]
    assert yes + no == len(NAMES)


def test_pages_are_cut_from_the_same_result(queries: Queries) -> None:
    page = queries.run(
        "SELECT Id FROM User ORDER BY Id DESC", ACCESS, "/b/", batch=4, deleted=False, now=0
    )
    ids = [r["Id"] for r in page["records"]]
    while not page["done"]:
        assert page["totalSize"] == 10
        page = queries.more(page["nextRecordsUrl"].rsplit("/", 1)[1], ACCESS, "/b/", batch=4, now=0)
        ids += [r["Id"] for r in page["records"]]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 10
    assert "nextRecordsUrl" not in page


def test_a_locator_ends_after_two_days_and_is_its_owner_s(queries: Queries) -> None:
    page = queries.run("SELECT Id FROM User", ACCESS, "/", batch=4, deleted=False, now=0)
    locator = page["nextRecordsUrl"].rsplit("/", 1)[1]
    other = Access("005000000000002AAA", ACCESS.permission_sets)
    for access, now in ((other, 0.0), (ACCESS, 2 * 24 * 3600 + 1.0)):
        with pytest.raises(ApiError, match="INVALID_QUERY_LOCATOR"):
            queries.more(locator, access, "/", batch=4, now=now)


def test_custom_objects_are_read_from_the_project(tmp_path: Path) -> None:
    folder = tmp_path / "force-app" / "main" / "default" / "objects" / "Seat__c"
    folder.mkdir(parents=True)
    (folder / "Seat__c.object-meta.xml").write_text(
        '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><label>Seat</label>'
        "<nameField><label>Seat "
        "Name</label><type>Text</type></nameField><pluralLabel>Seats</pluralLabel></CustomObject>"
    )
    seat = read_schema(tmp_path).objects["seat__c"]
    assert (seat.label, seat.plural, seat.prefix, seat.deletable) == ("Seat", "Seats", "a04", True)
