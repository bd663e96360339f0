"""The one exception by which any part of the org refuses a request or a record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ApiError(Exception):
    """A refusal as Salesforce words it: a status, a code, a sentence, maybe fields."""

    def __init__(
        self, status: int, code: str, message: str, fields: list[str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The answer of a REST call: an array with one error."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = self.fields
        return [error]

    def item(self) -> dict[str, Any]:
        """The same inside a collection's result, where the key is `statusCode`."""
        error = {"statusCode": self.code, "message": self.message, "fields": self.fields or []}
        return {"success": False, "errors": [error]}


def not_found() -> ApiError:
    """Recorded answer for a path or an object that does not exist."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def invalid_session() -> ApiError:
    """Recorded answer for an expired, revoked or unknown access token."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")


def method_not_allowed(method: str, allowed: Iterable[str]) -> ApiError:
    message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
    return ApiError(405, "METHOD_NOT_ALLOWED", message)


def parser_error(message: str) -> ApiError:
    return ApiError(400, "JSON_PARSER_ERROR", message)
