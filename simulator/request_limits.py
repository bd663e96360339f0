"""How long a request line and its headers may be: documented; the refusals' wording is not."""

from __future__ import annotations

from simulator.errors import ApiError
from simulator.exchange import Exchange

LONGEST = 16_384


def too_long(exchange: Exchange) -> ApiError | None:
    """414 for the URI alone, 431 for the URI and the headers together."""
    uri = len(exchange.path) + len(exchange.query)
    if uri > LONGEST:
        return ApiError(414, "URI_TOO_LONG", f"URI is longer than {LONGEST} bytes")
    headers = sum(len(name) + len(value) for name, value in exchange.headers.items())
    if uri + headers > LONGEST:
        message = f"URI and headers are longer than {LONGEST} bytes"
        return ApiError(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", message)
    return None
