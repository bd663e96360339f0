"""A page that brings itself up to date takes nothing out of anybody's hands."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.harness import Program, Salesforce
from tests.web.conftest import PageOf
from tests.web.scenes import open_conflicts

USERS = 100
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

LONGER_THAN_A_REFRESH = 6_000


def test_enter_in_a_note_decides_nothing(page_of: PageOf, made: Program, org: Salesforce) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    page.get_by_label("Note (may be empty)").fill("let me think")
    page.keyboard.press("Enter")
    page.wait_for_timeout(1000)
    page.goto(f"/conflicts/{entry}")
    expect(page.locator("#entry .state").first).to_have_text("open")


def test_a_note_and_the_focus_stay_where_they_are(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    note = page.get_by_label("Note (may be empty)")
    note.fill("let me think")
    page.keyboard.press("Tab")
    page.wait_for_timeout(LONGER_THAN_A_REFRESH)
    expect(note).to_have_value("let me think")
    expect(page.get_by_role("button", name="Keep Freedom")).to_be_focused()


def test_a_question_that_was_left_open_is_still_answered(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    ((_, entry),) = open_conflicts(made, org).items()
    page = page_of("admin")
    page.goto(f"/conflicts/{entry}")
    page.get_by_role("button", name="Keep neither").click()
    page.wait_for_timeout(LONGER_THAN_A_REFRESH)
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("keeps none of them").first).to_be_visible()
    expect(page.locator(".steps-bar li:nth-child(3).done")).to_be_visible()


def test_what_is_ticked_stays_ticked_while_others_decide(
    page_of: PageOf, made: Program, org: Salesforce
) -> None:
    first, second = open_conflicts(made, org, 2).values()
    page = page_of("admin")
    page.goto("/conflicts")
    page.locator(f"#choose-{first}").check()
    made.run("conflicts", "resolve", str(second), "--keep", "Freedom", "--yes")
    page.wait_for_timeout(LONGER_THAN_A_REFRESH)
    expect(page.locator(f"#choose-{first}")).to_be_checked()
    page.get_by_label("Note (needed to put aside)").fill("for now")
    page.get_by_role("button", name="Put aside").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text(re.compile("1 entry done"))).to_be_visible()
