"""A Chromium for the tests of a folder, and pages in it that are watched."""

import os
from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import NoBrowser, chromium, find
from tests.web.watching import Watch

PATIENCE_MS = 20_000


# Not for the whole session: while Playwright runs, no other test of this process can use asyncio.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A running Chromium; without one the tests are skipped, except where all of them count."""
    try:
        find()
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
