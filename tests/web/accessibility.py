"""axe-core on a page: what would keep somebody out is a failure.

It is injected through the debugger, which a content security policy does not bind.
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_WORST = ("serious", "critical")
_axe = Axe()


def barriers(page: Page) -> list[str]:
    """Serious and critical violations, each with its rule, where it is and what is wrong."""
    found = _axe.run(page).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {rule['help']}: {node['html'][:200]}"
        f" {'; '.join(c['message'] for c in node['any'] + node['all'] + node['none'])}"
        for rule in found
        if rule["impact"] in _WORST
        for node in rule["nodes"]
    ]


def check_accessible(page: Page) -> None:
    """Fail if there are barriers."""
    found = barriers(page)
    assert not found, f"{page.url} keeps people out:\n" + "\n".join(found)


def check_width(page: Page) -> None:
    """Fail if the page must be scrolled sideways to be read."""
    wide, room = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= room, f"{page.url} is {wide} wide on a screen of {room}"
