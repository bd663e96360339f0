"""Reading a message's body, as far as it may go on."""

import asyncio

from starlette.requests import Request

from admin.outbound.refusal import Reason, Refusal

MOST_BYTES = 1_000_000
"""A hundred notifications with every field of ours are about a tenth of it."""

SECONDS = 10.0
"""How long a body may take to arrive."""


async def read_body(request: Request, most: int = MOST_BYTES, seconds: float = SECONDS) -> bytes:
    """The body. Refusal as soon as it is clear that it is too large, or comes too slowly."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Refusal(408, Reason.SLOW, "The message took too long to arrive.") from None
    return bytes(body)


def _too_large(most: int) -> Refusal:
    return Refusal(413, Reason.SIZE, f"The message has more than {most} bytes.")
