"""What Salesforce refuses in a query, and in which words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulator.errors import ApiError
from tests.simulator.soql_org import SmallOrg, trading_org

BY_CONTACT = "SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallOrg]:
    made = trading_org(tmp_path_factory.mktemp("small"))
    yield made
    made.database.close()


def refusal(org: SmallOrg, text: str) -> ApiError:
    with pytest.raises(ApiError) as raised:
        org.page(text)
    assert raised.value.status == 400
    return raised.value


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "SELECT Id FROM Account WHERE Staff = 1 AND NOT Name = 'a'",
            "MALFORMED_QUERY",
            "unexpected token: 'NOT'",
        ),
        (
            "SELECT Id FROM Account WHERE Staff = 1 AND NOT (Name = 'a')",
            "MALFORMED_QUERY",
            "unexpected token: 'NOT'",
        ),
        (
            "SELECT Id FROM Account ALL ROWS",
            "MALFORMED_QUERY",
            "ALL ROWS not allowed in this context",
        ),
        (
            "SELECT Id FROM Account WHERE Name = :name",
            "MALFORMED_QUERY",
            "Bind variables only allowed in Apex code",
        ),
        (
            "SELECT Id FROM Account WHERE Founded = SOMEDAY",
            "MALFORMED_QUERY",
            "unexpected token: 'SOMEDAY'",
        ),
        (
            "SELECT Id FROM Account WHERE Name = TODAY",
            "INVALID_FIELD",
            "must be of type string and should be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE Founded = 2024-06-15T00:00:00Z",
            "INVALID_FIELD",
            "must be of type date and should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE CreatedDate = 2024-06-15",
            "INVALID_FIELD",
            "must be of type dateTime",
        ),
        (
            "SELECT Id FROM Account WHERE Staff = '5'",
            "INVALID_FIELD",
            "must be of type int and should not be enclosed in quotes",
        ),
        (
            "SELECT FIELDS(ALL) FROM Account",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT FIELDS(CUSTOM) FROM Account LIMIT 201",
            "MALFORMED_QUERY",
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        ),
        (
            "SELECT FIELDS(CUSTOM) FROM Account LIMIT 200",
            "MALFORMED_QUERY",
            "'FIELDS(...)' expansion function must result in at least one field being selected.",
        ),
        (
            "SELECT Id, FIELDS(STANDARD) FROM Account",
            "INVALID_FIELD",
            "duplicate field selected: Id",
        ),
        (
            "SELECT Name n FROM Account",
            "MALFORMED_QUERY",
            "only aggregate expressions use field aliasing",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Account",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT COUNT(Id) FROM Account LIMIT 5",
            "MALFORMED_QUERY",
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
        ),
        (
            "SELECT SUM(Name) FROM Account",
            "MALFORMED_QUERY",
            "field Name does not support aggregate operator SUM",
        ),
        (
            "SELECT COUNT(IsDeleted) FROM Account",
            "MALFORMED_QUERY",
            "field IsDeleted does not support aggregate operator COUNT",
        ),
        (
            "SELECT COUNT(Id), CreatedDate FROM Account GROUP BY CreatedDate",
            "MALFORMED_QUERY",
            "field 'CreatedDate' can not be grouped in a query call",
        ),
        (
            "SELECT Name a, Industry A FROM Account GROUP BY Name, Industry",
            "MALFORMED_QUERY",
            "duplicate alias: A",
        ),
        (
            "SELECT Id FROM Account WHERE Story = 'x'",
            "INVALID_FIELD",
            "field 'Story' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Account ORDER BY Story",
            "MALFORMED_QUERY",
            "field 'Story' can not be sorted in a query call",
        ),
        (
            "SELECT (SELECT Id FROM Friends) FROM Account",
            "INVALID_TYPE",
            "Didn't understand relationship 'Friends' in FROM part of query call.",
        ),
        (
            "SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account",
            "MALFORMED_QUERY",
            "only root queries support aggregate expressions",
        ),
        (
            "SELECT Id FROM Account WHERE Name = 'a' OR Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "Semi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            "SELECT Id FROM Account WHERE NOT Id IN (SELECT AccountId FROM Contact)",
            "MALFORMED_QUERY",
            "Semi join sub-selects are only allowed at the top level WHERE expressions.",
        ),
        (
            f"{BY_CONTACT} WHERE AccountId IN (SELECT Id FROM Account))",
            "MALFORMED_QUERY",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Account)",
            "MALFORMED_QUERY",
            "The inner and outer selects should not be on the same object type",
        ),
        (
            f"{BY_CONTACT})" + " AND Id IN (SELECT AccountId FROM Contact)" * 2,
            "MALFORMED_QUERY",
            "Maximum 2 semi join sub-selects are allowed.",
        ),
        (
            "SELECT Id FROM Account WHERE Name INCLUDES ('a')",
            "INVALID_FIELD",
            "invalid operator on string field",
        ),
        (
            "SELECT Id FROM Account WHERE IsDeleted > false",
            "INVALID_FIELD",
            "invalid operator on boolean field",
        ),
        ("SELECT NOW(Id) FROM Account", "MALFORMED_QUERY", "Invalid function name: NOW"),
        (
            "SELECT Id FROM Account a, Contact c",
            "MALFORMED_QUERY",
            "A driving SObject type has already been set",
        ),
        ("SELECT COUNT(), Id FROM Account", "MALFORMED_QUERY", "COUNT() must be the only element"),
        (
            "SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Industry)",
            "MALFORMED_QUERY",
            "does not serve ROLLUP",
        ),
        (
            "SELECT Id FROM Account WHERE COUNT(Id) > 1",
            "MALFORMED_QUERY",
            "aggregate functions are not allowed in WHERE",
        ),
        (
            "SELECT Id FROM Account ORDER BY COUNT(Id)",
            "MALFORMED_QUERY",
            "aggregate functions need GROUP BY",
        ),
    ],
)
def test_refusals(org: SmallOrg, text: str, code: str, message: str) -> None:
    raised = refusal(org, text)
    assert raised.code == code
    assert message in raised.message


def test_a_string_of_more_than_4000_characters_is_refused(org: SmallOrg) -> None:
    fits = "SELECT COUNT() FROM Account WHERE Name = '{}'"
    assert org.page(fits.format("x" * 4000))["totalSize"] == 0
    assert refusal(org, fits.format("x" * 4001)).code == "MALFORMED_QUERY"


def test_groups_beyond_a_page_are_refused(org: SmallOrg) -> None:
    text = "SELECT Name, COUNT(Id) FROM Account GROUP BY Name"
    with pytest.raises(ApiError) as raised:
        org.page(text, batch=2)
    assert raised.value.code == "EXCEEDED_ID_LIMIT"
    assert "Aggregate query does not support queryMore()" in raised.value.message
