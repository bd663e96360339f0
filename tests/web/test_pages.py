"""Every page, light and dark: for everybody, within the policy, and without another host."""

import pytest
from playwright.sync_api import Page

from tests.e2e.harness import Program, Salesforce
from tests.web.accessibility import barriers, check_width
from tests.web.conftest import PageOf
from tests.web.screenshots import Shown, prepare

USERS = 200
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def shown() -> dict[str, Shown]:
    """What the pages are about, once it is made."""
    return {}


@pytest.fixture
def pages(made: Program, org: Salesforce, shown: dict[str, Shown]) -> dict[str, str]:
    """Every page's name and path."""
    if not shown:
        shown["all"] = prepare(made, org)
    return shown["all"].pages()


def complaints(page: Page, pages: dict[str, str]) -> list[str]:
    found = []
    for name, path in pages.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path
        page.wait_for_load_state("networkidle")
        found += [f"{name}: {barrier}" for barrier in barriers(page)]
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_kept_out(page_of: PageOf, pages: dict[str, str], scheme: str) -> None:
    assert complaints(page_of("admin", color_scheme=scheme), pages) == []


def test_a_viewer_is_not_kept_out_either(page_of: PageOf, pages: dict[str, str]) -> None:
    assert complaints(page_of("viewer"), pages) == []


def test_nothing_is_cut_off_on_a_phone(page_of: PageOf, pages: dict[str, str]) -> None:
    page = page_of("admin", viewport={"width": 360, "height": 740})
    for path in pages.values():
        page.goto(path)
        check_width(page)
