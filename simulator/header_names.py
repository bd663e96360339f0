"""Header names as Salesforce writes them over HTTP/1.1: `Content-Type`, not `content-type`.

Names have no case by the standard, but clients exist that look them up by one: Airbyte's CDK
reads an answer to a Bulk query otherwise when its type is called `content-type`, and fails.
"""

from __future__ import annotations

from collections.abc import Mapping


class HeaderName(bytes):
    """Goes out as written. The server lower-cases names on the way: this one stays as it is,
    and compares as if it had been lower-cased.
    """

    def lower(self) -> HeaderName:
        return self

    def __eq__(self, other: object) -> bool:
        return bytes.lower(self) == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


def raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As ASGI takes them."""
    return [
        (HeaderName(name.encode("latin-1")), value.encode("latin-1"))
        for name, value in headers.items()
    ]
