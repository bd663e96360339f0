"""Whose RPC it is: the org by `tenantid`, the user by `accesstoken`, both from the metadata.

Missing or malformed headers and a bad token have codes of their own; which status each has is
unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.ids import to_18
from simulator.org import Org
from simulator.pubsub.refusals import refusal
from simulator.schema.access import Access

HEADERS = ("accesstoken", "instanceurl", "tenantid")


@dataclass(frozen=True)
class Tenant:
    """An org of the process; in plain HTTP it may be named where it has a port for that."""

    org: Org
    plain_port: int | None


@dataclass(frozen=True)
class Caller:
    org: Org
    user_id: str

    def access(self) -> Access:
        """As of now: rights may change while a stream is open."""
        return self.org.access(self.user_id)


def tenant(tenants: Iterable[Tenant], metadata: Any) -> tuple[Tenant, str]:
    """The org that is meant, and the token. Raises a Refusal without touching any org."""
    found = {key.lower(): str(value) for key, value in metadata or ()}
    missing = [name for name in HEADERS if not found.get(name)]
    if missing:
        raise refusal("service.auth.headers.invalid", f"The header {missing[0]} is missing.")
    organization = to_18(found["tenantid"])
    for one in tenants:
        if one.org.organization_id == organization:
            _check_url(one, found["instanceurl"])
            return one, found["accesstoken"]
    raise _unknown()


def admit(one: Tenant, token: str) -> Caller:
    user_id = one.org.tokens.user_of(token, one.org.clock.now())
    if user_id is None:
        raise _unknown()
    return Caller(one.org, user_id)


def _check_url(one: Tenant, text: str) -> None:
    url = urlsplit(text)
    plain = url.scheme == "http" and url.port is not None and url.port == one.plain_port
    if not url.netloc or not (url.scheme == "https" or plain):
        raise refusal("service.auth.headers.invalid", "The header instanceurl is no https URL.")


def _unknown() -> Exception:
    message = "An authentication exception occurred. Provide valid authentication via metadata."
    return refusal("service.auth.error", message)
