"""Plans, the brake and parked users, as an admin meets them in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.harness import Program, Salesforce, is_idle, wait_for
from tests.web.accessibility import check_accessible
from tests.web.conftest import PageOf
from tests.web.scenes import edit_all, idle_users

USERS = 200
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PBX = {"Requested_PBX__c": True}
NO_PBX = {"Requested_PBX__c": False}


def give_pbx(org: Salesforce, count: int) -> list[str]:
    users = idle_users(org, count)
    edit_all(org, users, PBX)
    wait_for("they have it", lambda: all("PBX" in org.held(user_id) for user_id in users))
    return users


def test_the_brake_trips_and_is_approved_on_the_page(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    users = give_pbx(org, 60)
    made.wait_until("idle", is_idle)
    newcomer = idle_users(org, 1)[0]
    edit_all(org, users, NO_PBX)
    page = page_of("admin")

    def loud() -> bool:
        page.goto("/")
        return page.get_by_role("alert").filter(has_text="Brake").count() > 0

    wait_for("the page says so", loud)
    kept = [user_id for user_id in users if "PBX" in org.held(user_id)]
    assert kept, "the brake held nothing"
    edit_all(org, [newcomer], PBX)
    wait_for("grants go on", lambda: "PBX" in org.held(newcomer))
    page.get_by_role("link", name="Look at what waits").click()
    expect(page.get_by_role("heading", name="Brake")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Release the brake").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("are removed now")
    dialog.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile("Released: "))).to_be_visible()
    wait_for("it is carried out", lambda: not any("PBX" in org.held(user_id) for user_id in users))
    assert "PBX" in org.held(newcomer)
    assert made.json("brake", "list", "--json") == []


def test_a_plan_is_read_on_the_page_while_it_is_made(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    made.run("orgs", "pause")
    edit_all(org, idle_users(org, 5), PBX)
    page = page_of("admin")
    page.goto("/runs")
    page.get_by_role("button", name=re.compile("Plan: read everybody")).click()
    expect(page.get_by_text(re.compile(r"Run \d+ waits for a worker"))).to_be_visible()
    first = page.locator("#runs tbody tr").first
    expect(first).to_contain_text("done", timeout=60_000)
    first.get_by_role("link").first.click()
    expect(page.get_by_text("licenses to grant")).to_be_visible()
    expect(page.locator(".license-gained").first).to_be_visible()
    check_accessible(page)
    page.locator('select[name="change"]').select_option("gains")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text(re.compile(r"\d+ found"))).to_be_visible()
    made.run("orgs", "resume")
    made.wait_until("idle", is_idle)


def test_an_org_is_paused_and_resumed_on_the_page(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    page = page_of("admin")
    page.goto("/orgs/acme")
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.locator("#org .state").first).to_have_text("paused")
    assert made.json("orgs", "list", "--json")[0]["paused_by"] == "admin"
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#org .state").first).to_have_text("armed")


def test_a_parked_user_is_retried_on_the_page(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    (user_id,) = idle_users(org, 1)
    org.fault("record_error", ids=[user_id])
    edit_all(org, [user_id], PBX)
    page = page_of("admin")

    def parked() -> bool:
        page.goto("/parked")
        return page.locator(f'a[href="/users/acme/{user_id}"]').count() > 0

    wait_for("it is parked", parked)
    check_accessible(page)
    org.heal()
    page.locator(f'input[value="acme:{user_id}"]').check()
    page.get_by_role("button", name="Retry those chosen").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("1 user tried again now.")).to_be_visible()
    wait_for("it is written", lambda: "PBX" in org.held(user_id))
