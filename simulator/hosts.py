"""The names under which an org is called, and what each stands for.

Everybody's login hosts do not belong to an org: who logs in there is told the org's own address.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from simulator.exchange import Exchange

LOGIN_HOSTS = frozenset({"login.salesforce.com", "test.salesforce.com"})
DOMAIN = "simulated-org.my.salesforce.com"


def at_login_host(exchange: Exchange) -> bool:
    return urlsplit(exchange.origin).hostname in LOGIN_HOSTS


def instance_url(exchange: Exchange, domain: str) -> str:
    """Where calls go after the login: scheme, host and port as the client called.

    `domain` takes the place of a login host; the port stays, so that a client whose names are
    mapped to this machine goes on to the same place.
    """
    if not at_login_host(exchange):
        return exchange.origin
    called = urlsplit(exchange.origin)
    return f"{called.scheme}://{domain}{f':{called.port}' if called.port else ''}"
