"""What an admin does with conflicts, in a real browser, on a real org with real workers."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.harness import FIELDS, Program, Salesforce, wait_for
from tests.web.accessibility import check_accessible, check_width
from tests.web.conftest import PageOf
from tests.web.scenes import open_conflicts

USERS = 900
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SETTLED = ".steps-bar li:nth-child(3).done"


def mark(page: Page) -> None:
    """Leave something in the page that a reload would take away."""
    page.evaluate("window.stayed = true")


def was_not_reloaded(page: Page) -> bool:
    return bool(page.evaluate("window.stayed === true"))


def requested(org: Salesforce, user_id: str) -> set[str]:
    user = org.users()[user_id]
    return {name for name, field in FIELDS.items() if user[f"Requested_{field}__c"]}


def test_a_conflict_is_found_decided_and_seen_settled(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((user_id, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto("/")
    page.get_by_role("link", name=re.compile("open conflicts")).click()
    page.locator(f'a[href="/conflicts/{entry}"]').click()
    expect(page.get_by_role("heading", name="License by license")).to_be_visible()
    check_accessible(page)
    page.get_by_role("button", name="Keep Freedom").click()
    expect(page.get_by_text("the worker carries it out").first).to_be_visible()
    mark(page)
    expect(page.locator(SETTLED)).to_be_visible()
    assert was_not_reloaded(page)
    expect(page.get_by_text("nothing is left to decide")).to_be_visible()
    assert requested(org, user_id) == {"Freedom"}
    assert org.held(user_id) == {"CTI", "Freedom"}
    history = made.json("conflicts", "list", "--all", "--json")
    (mine,) = [row for row in history if row["id"] == entry]
    assert (mine["status"], mine["decided_by"]) == ("resolved", "admin")


def test_what_the_command_line_did_shows_without_a_reload(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    mark(page)
    made.run("conflicts", "resolve", str(entry), "--keep", "SCV", "--yes")
    expect(page.locator(SETTLED)).to_be_visible()
    assert was_not_reloaded(page)


def test_an_edit_in_between_beats_the_decision_and_nothing_is_lost(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((user_id, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    page.get_by_label("Note (may be empty)").fill("as I saw it")
    org.edit(user_id, {"Requested_PBX__c": True})
    wait_for("the edit is carried out", lambda: "PBX" in org.held(user_id))
    page.get_by_role("button", name="Keep Service Cloud Voice").click()
    expect(page.locator(".notice-info")).to_be_visible()
    expect(page.locator("#entry .state").first).to_have_text("open")
    assert requested(org, user_id) == {"Freedom", "SCV", "PBX"}
    assert org.held(user_id) == {"CTI", "Freedom", "PBX"}


def test_the_second_admin_is_told_who_decided(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    first, second = page_of("admin"), page_of("admin")
    second.goto(f"/conflicts/{entry}")
    second.get_by_label("Note (may be empty)").fill("me too")
    first.goto(f"/conflicts/{entry}")
    first.get_by_role("button", name="Keep Freedom").click()
    expect(first.get_by_text("the worker carries it out").first).to_be_visible()
    second.get_by_role("button", name="Keep Service Cloud Voice").click()
    expect(second.get_by_role("alert")).to_contain_text("admin")


def test_three_hundred_are_decided_at_once(page_of: PageOf, made: Program, org: Salesforce) -> None:
    found = open_conflicts(made, org, 300)
    page = page_of("admin")
    page.goto("/conflicts?status=open&kind=conflict")
    page.get_by_label(re.compile("All that the filters find")).check()
    page.locator('select[name="keep"]').select_option("Freedom")
    page.get_by_role("button", name="Keep this one").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"\d{3} entries"))
    dialog.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile(r"\d{3} entries done"))).to_be_visible(timeout=30_000)

    def all_settled() -> bool:
        users = org.users()
        return not any(users[user_id]["Requested_SCV__c"] for user_id in found)

    wait_for("all 300 are carried out", all_settled, 120)
    page.goto("/conflicts?status=open&kind=conflict")
    wait_for(
        "the log is empty",
        lambda: (
            not [
                row
                for row in made.json("conflicts", "list", "--json")
                if row["kind"] == "conflict" and row["user_id"] in found
            ]
        ),
        60,
    )


def test_a_dialog_can_be_left_and_nothing_happens(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    page.get_by_role("button", name="Keep neither").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator("#entry .state").first).to_have_text("open")


def test_a_decision_by_keyboard_alone(page_of: PageOf, made: Program, org: Salesforce) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Keep Freedom":
            break
    expect(page.get_by_role("button", name="Keep Freedom")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(SETTLED)).to_be_visible()


def test_a_viewer_sees_and_changes_nothing(page_of: PageOf, made: Program, org: Salesforce) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("viewer")
    page.goto(f"/conflicts/{entry}")
    expect(page.get_by_text("may look but not decide")).to_be_visible()
    assert page.get_by_role("button", name=re.compile("Keep")).count() == 0


def test_on_a_phone_nothing_is_cut_off(page_of: PageOf, made: Program, org: Salesforce) -> None:
    ((user_id, entry),) = open_conflicts(made, org).items()
    page = page_of("admin", viewport={"width": 390, "height": 844})
    for path in ("/", "/conflicts", f"/conflicts/{entry}", f"/users/acme/{user_id}", "/runs"):
        page.goto(path)
        check_width(page)
