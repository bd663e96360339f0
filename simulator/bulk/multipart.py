"""A job and its rows in one request: multipart/form-data with the parts `job` and `content`."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

from simulator.errors import ApiError

LONGEST_CONTENT = 100_000  # characters, documented


def parts(content_type: str, body: bytes) -> tuple[bytes, bytes]:
    """The job's JSON and the CSV. Code of the refusals is unconfirmed."""
    head = f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + body)
    found = {_name(part): part for part in message.walk() if not part.is_multipart()}
    if "job" not in found or "content" not in found:
        raise ApiError(400, "INVALIDJOB", "InvalidJob : parts job and content are required")
    content = _bytes(found["content"])
    if len(content.decode("utf-8", "replace")) > LONGEST_CONTENT:
        message_text = f"InvalidJob : content is longer than {LONGEST_CONTENT} characters"
        raise ApiError(400, "INVALIDJOB", message_text)
    return _bytes(found["job"]), content


def _name(part: Message) -> str:
    return str(part.get_param("name", "", "content-disposition"))


def _bytes(part: Message) -> bytes:
    found = part.get_payload(decode=True)
    return found if isinstance(found, bytes) else b""
