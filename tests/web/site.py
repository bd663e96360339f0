"""The review page of a running program: accounts made as an operator does, sign-in as people do."""

from dataclasses import dataclass, field
from typing import Any

import requests
from playwright.sync_api import Page, expect

from tests.e2e.harness import Program, free_port, wait_for

PORT_SETTING = "LICENSE_SYNC_ADMIN__PORT"
_PASSWORD = "correct horse battery staple {name} 42"


@dataclass
class Site:
    """The review page at `url`, its accounts, and the sessions that were begun there."""

    program: Program
    url: str
    sessions: dict[str, Any] = field(default_factory=dict)

    def account(self, name: str, role: str, *more: str) -> None:
        """Make an account; `more` goes to the command."""
        words = ("admin", "create-user", name, "--role", role, "--password-stdin", *more)
        self.program.run(*words, given=password(name) + "\n")

    def sign_in(self, page: Page, name: str) -> None:
        """Type name and password into the form."""
        page.goto("/login")
        page.get_by_label("Name", exact=True).fill(name)
        page.get_by_label("Password", exact=True).fill(password(name))
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            try:
                return requests.get(f"{self.url}/login", timeout=5).ok
            except requests.ConnectionError:
                return False

        wait_for("the review page answers", answers, seconds)


def password(name: str) -> str:
    """Everybody's password, as long as the accounts ask for."""
    return _PASSWORD.format(name=name)


def page_settings() -> dict[str, str]:
    """Settings that put the page on a free port."""
    return {PORT_SETTING: str(free_port())}


def site_of(program: Program) -> Site:
    """The review page of a program that was made with `page_settings`."""
    return Site(program, f"http://127.0.0.1:{program.settings[PORT_SETTING]}")
