"""A Chromium for the tests of this folder, pages that are watched, and a program to look at."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import NoBrowser, chromium, ready
from tests.e2e.conftest import home, made, org  # noqa: F401
from tests.e2e.harness import Program, Salesforce, program
from tests.web.site import Site, page_settings, site_of
from tests.web.watching import Watch

PATIENCE_MS = 20_000
"""How long the page and the workers behind it may take where other tests run as well."""

expect.set_options(timeout=PATIENCE_MS)


# Not for the whole session: while Playwright runs, no other test of this process can use asyncio.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A running Chromium; without one the tests are skipped, except where all of them count."""
    try:
        ready()
    except NoBrowser as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    with chromium() as running:
        yield running


class Visit(Protocol):
    """Opens a page for a new visitor of a site; `watch_of` gives what is watched of it."""

    def __call__(self, origin: str, **context: Any) -> Page: ...

    def watch_of(self, page: Page) -> Watch: ...


class _Visits:
    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._watches: list[tuple[Page, Watch]] = []

    def __call__(self, origin: str, **context: Any) -> Page:
        opened = self._browser.new_context(base_url=origin, **context)
        opened.set_default_timeout(PATIENCE_MS)
        page = opened.new_page()
        self._watches.append((page, Watch(opened, origin)))
        return page

    def watch_of(self, page: Page) -> Watch:
        return next(watch for known, watch in self._watches if known.context == page.context)

    def end(self) -> None:
        try:
            for _, watch in self._watches:
                watch.check()
        finally:
            for page, _ in self._watches:
                page.context.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Pages that fail the test if they complain or ask another host for anything."""
    visits = _Visits(browser)
    yield visits
    visits.end()


@pytest.fixture(scope="module")
def _program(home: Path, org: Salesforce) -> Iterator[Program]:  # noqa: F811
    made = program(home, org, **page_settings())  # noqa: F811
    yield made
    made.end()
    assert made.processes() == []


@pytest.fixture(scope="module")
def _accounts() -> dict[str, Site]:
    return {}


@pytest.fixture
def site(made: Program, _accounts: dict[str, Site]) -> Site:  # noqa: F811
    """The module's program with its review page, and the accounts `admin` and `viewer`."""
    if not _accounts:
        found = site_of(made)
        found.wait()
        found.account("admin", "admin")
        found.account("viewer", "viewer")
        _accounts["site"] = found
    return _accounts["site"]


class PageOf(Protocol):
    """Opens the review page signed in as `admin` or `viewer`, in a browser of their own."""

    def __call__(self, name: str, **context: Any) -> Page: ...


@pytest.fixture
def page_of(site: Site, visit: Visit) -> PageOf:
    """Pages of people who are signed in; each name signs in once a module."""

    def signed_in(name: str, **context: Any) -> Page:
        state = site.sessions.get(name)
        page = visit(site.url, storage_state=state, **context)
        if state is None:
            site.sign_in(page, name)
            site.sessions[name] = page.context.storage_state()
        return page

    return signed_in
