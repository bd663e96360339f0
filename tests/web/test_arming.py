"""An org whose users hold what nobody requested: read, approved in part, then as a whole."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.harness import Program, Salesforce, is_idle, salesforce, wait_for
from tests.web.accessibility import check_accessible
from tests.web.conftest import PageOf

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def org(home: Path) -> Iterator[Salesforce]:
    """A brownfield org: removals would be many."""
    with salesforce(home, "--users", "80", "--seed", "7", "--brownfield") as made:
        yield made


@pytest.fixture
def made(_program: Program) -> Program:
    """The module's program, which has nothing it may write yet."""
    if _program.up is None:
        _program.start()
    return _program


def test_only_what_is_granted_and_then_all_of_it(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    before = {user_id: org.held(user_id) for user_id in org.users()}
    page = page_of("admin")

    def planned() -> bool:
        page.goto("/orgs/acme")
        return page.get_by_text("Its plan waits for a person").count() > 0

    wait_for("the first plan", planned)
    page.get_by_role("link", name=re.compile(r"Plan \d+")).click()
    expect(page.locator(".license-lost").first).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Approve only grants").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile("is approved: its grants"))).to_be_visible()
    made.wait_until("armed", lambda o: o["mode"] == "armed")
    wait_for("removals wait", lambda: made.json("brake", "list", "--json")[0]["users"] > 0)
    made.wait_until("idle", is_idle)
    lost = [user_id for user_id, held in before.items() if held - org.held(user_id)]
    assert lost == []
    page.goto("/orgs/acme")
    page.get_by_role("button", name="Release the brake").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile("Released: "))).to_be_visible()

    def removed() -> bool:
        return any(held - org.held(user_id) for user_id, held in before.items())

    wait_for("it is carried out", removed)
