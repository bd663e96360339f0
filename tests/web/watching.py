"""Watches what a page does behind the reader's back: errors, broken policy, requests elsewhere."""

import re
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

_LOCAL = ("data", "blob", "about")
# Tells of violations that no console message names, such as those of a policy that only reports.
_TELL = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `policy violation: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


class Watch:
    """All that went wrong in the pages of a browser context, from now on."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._context = context
        self._host = urlsplit(origin).netloc
        self._problems: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        context.add_init_script(_TELL)
        context.on("console", self._said)
        context.on("weberror", self._failed)
        context.on("request", self._asked)

    def expect(self, pattern: str) -> None:
        """Let problems like this one pass: to the console, a refusal is an error."""
        self._expected.append(re.compile(pattern))

    def problems(self) -> list[str]:
        """What went wrong and was not expected, after all that is under way has been told."""
        for page in self._context.pages:
            page.evaluate("() => new Promise((done) => setTimeout(done, 50))")
        return [p for p in self._problems if not any(e.search(p) for e in self._expected)]

    def check(self) -> None:
        """Fail if there is anything."""
        found = self.problems()
        assert not found, "the browser complains:\n" + "\n".join(found)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._problems.append(f"console: {message.text} ({message.location['url']})")

    def _failed(self, error: WebError) -> None:
        self._problems.append(f"script: {error.error}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in _LOCAL and address.netloc != self._host:
            self._problems.append(f"request to another host: {request.method} {request.url}")
