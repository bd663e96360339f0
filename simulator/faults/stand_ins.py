"""Answers that come in the place of the org's own: pages in HTML, nothing, anything.

The edge in front of an org answers 502, 503 and 504 in HTML, 420 where it knows no host;
406 and 429 were seen without a body (Airbyte's connector retries them). An HTML page with
status 200 is what a login or maintenance redirect that was followed ends in; seen with
proxies, not recorded of Salesforce itself.
"""

from __future__ import annotations

from simulator.exchange import Reply
from simulator.faults.book import Faults
from simulator.faults.fault import Fault, Target

DOWN = (
    "<html><head><title>Service Unavailable</title></head><body><h1>We are down for "
    "maintenance.</h1>"
    "<p>Sorry for the inconvenience. We'll be back shortly.</p></body></html>"
)
LOGIN = (
    "<html><head><title>Login | Salesforce</title></head><body><form>Username <input></form>"
    "</body></html>"
)
HTML = {"Content-Type": "text/html; charset=UTF-8"}
PAGES = {
    "html_503": (503, DOWN),
    "html": (200, LOGIN),
    "empty_body": (200, None),
    "answer": (200, None),
}


def find(faults: Faults, target: Target) -> tuple[Reply, Fault] | None:
    """The answer that is ordered instead of the org's, if one is."""
    for kind, (status, page) in PAGES.items():
        fault = faults.take(kind, target)
        if fault:
            headers = dict(HTML) if page else {}
            body = fault.order.get("body", page)
            return Reply(int(fault.order.get("status", status)), body, headers), fault
    return None
