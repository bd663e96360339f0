"""Text that came from outside, made fit for our sentences: one line, bounded, no secrets."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
DETAIL_LIMIT = 300
"""The most characters of somebody else's text in one of our sentences."""

_LOOKS_SECRET = re.compile(
    r"00D\w{9,15}!\S*"  # a session id: the organization id, `!`, and the secret
    r"|eyJ[\w-]+(?:\.[\w-]*)*"  # a JSON web token
    r"|\b(?:bearer|basic)\s+\S+"
    r"|-----BEGIN[^-]*-----.*?(?:-----END[^-]*-----|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def plain(text: str, *, secrets: Iterable[str] = (), limit: int = DETAIL_LIMIT) -> str:
    """`text` on one line, at most `limit` characters, without `secrets` or what looks like one."""
    for secret in secrets:
        for form in {secret, quote(secret, safe=""), quote_plus(secret)} - {""}:
            text = text.replace(form, HIDDEN)
    text = _LOOKS_SECRET.sub(HIDDEN, text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
