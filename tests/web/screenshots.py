"""`python -m tests.web.screenshots`: pictures of every page, light and dark, desktop and phone.

A program on a simulated org gets something to show: conflicts, a decided one, a refusal, a plan.
An admin signs in and looks at each page; axe-core and the watch look too. Any complaint is an error
at the end, when all pictures are there. Names given as arguments pick pages.
"""

import itertools
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser import NoBrowser, chromium
from tests.e2e.harness import (
    Program,
    Salesforce,
    is_idle,
    listening_to,
    program,
    running,
    salesforce,
    wait_for,
)
from tests.web import pictures
from tests.web.accessibility import barriers
from tests.web.scenes import edit_all, idle_users, open_conflicts
from tests.web.site import Site, page_settings, site_of
from tests.web.watching import Watch

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MOST_BYTES = 3_000_000
NAME = "ada"
SCHEMES = ("light", "dark")
SCREENS = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages of single things are about."""

    org: str
    user_id: str
    conflict: int
    run: int

    def pages(self) -> dict[str, str]:
        """Every page's name and path."""
        return {
            "overview": "/",
            "conflicts": "/conflicts",
            "conflict": f"/conflicts/{self.conflict}",
            "users": "/users",
            "user": f"/users/{self.org}/{self.user_id}",
            "runs": "/runs",
            "run": f"/runs/{self.run}",
            "org": f"/orgs/{self.org}",
            "parked": "/parked",
            "history": "/history",
            "alerts": "/alerts",
            "access": "/access",
        }


def prepare(made: Program, org: Salesforce) -> Shown:
    """Give the org something to show."""
    found = open_conflicts(made, org, 6)
    (user_id, conflict), (_, decided), *_ = found.items()
    edit_all(org, idle_users(org, 3), {"Requested_CTI__c": True, "Requested_PCI__c": True})
    made.run("conflicts", "resolve", str(decided), "--keep", "Freedom", "--yes")
    made.wait_until("idle", is_idle)
    # A plan with something in it: edits that nobody has looked at yet.
    made.run("orgs", "pause")
    edit_all(org, idle_users(org, 5), {"Requested_PBX__c": True})
    run = _plan(made)
    made.run("orgs", "resume")
    made.wait_until("idle", is_idle)
    return Shown("acme", user_id, conflict, run)


def _plan(made: Program) -> int:
    made.run("reconcile", "--plan")
    with made.reading() as database:
        newest = "SELECT max(id) FROM run WHERE status = 'done'"
        return int(wait_for("a plan", lambda: database.execute(newest).fetchone()[0]))


def walk(browser: Browser, site: Site, shown: Shown, chosen: list[str]) -> Iterator[str]:
    """Take every picture; what is wrong with the pages."""
    state = None
    for scheme, (screen, size) in itertools.product(SCHEMES, SCREENS.items()):
        with browser.new_context(
            base_url=site.url, storage_state=state, color_scheme=scheme, viewport=size
        ) as context:
            watch = Watch(context, site.url)
            page = context.new_page()
            if state is None:
                page.goto("/login")
                yield from _picture(page, "login", scheme, screen)
                site.sign_in(page, NAME)
                state = context.storage_state()
            for name, path in shown.pages().items():
                if not chosen or name in chosen:
                    answer = page.goto(path)
                    if answer is None or answer.status != 200:
                        yield f"{path}: answers {answer and answer.status}"
                    yield from _picture(page, name, scheme, screen)
            yield from watch.problems()


def _picture(page: Page, name: str, scheme: str, screen: str) -> Iterator[str]:
    page.wait_for_load_state("networkidle")
    pictures.take(page, FOLDER / f"{name}-{scheme}-{screen}.png")
    for barrier in barriers(page):
        yield f"{name} ({scheme}, {screen}): {barrier}"


def main(chosen: list[str]) -> int:
    """Take them all; 1 if a page complains or the pictures are too large for the repository."""
    with tempfile.TemporaryDirectory(prefix="license-sync-") as folder:
        home = Path(folder)
        with salesforce(home, "--users", "200", "--seed", "7", "--pubsub-port", "0") as org:
            settings = program(home, org, **page_settings(), **listening_to(org)).settings
            with running(home, org, **settings) as made:
                made.wait_until("idle", is_idle)
                site = site_of(made)
                site.wait()
                site.account(NAME, "admin")
                shown = prepare(made, org)
                with chromium() as browser:
                    problems = list(walk(browser, site, shown, chosen))
    taken = sorted(FOLDER.glob("*.png"))
    size = sum(picture.stat().st_size for picture in taken)
    print(f"{len(taken)} pictures, {size / 1e6:.1f} MB in {FOLDER}")
    if size > MOST_BYTES:
        problems.append(f"they are larger than {MOST_BYTES / 1e6:.0f} MB")
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except NoBrowser as error:
        sys.exit(str(error))
