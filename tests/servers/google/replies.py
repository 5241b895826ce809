"""How Google's APIs refuse a request ("Gmail: Limits. Errors")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.servers.replies import Reply, as_json

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class GoogleError(Exception):
    """The request is refused; "`status`?": not every error has one."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        status: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.domain = domain
        self.status = STATUSES.get(code) if status is None else status
        self.headers = headers or {}

    def reply(self) -> Reply:
        """Write the error down."""
        errors = [{"message": self.message, "domain": self.domain, "reason": self.reason}]
        error: dict[str, Any] = {"code": self.code, "message": self.message, "errors": errors}
        if self.status:
            error["status"] = self.status
        return as_json({"error": error}, self.code, self.headers)


class InvalidArgument(GoogleError):
    """400 for a request that cannot be understood."""

    def __init__(self, message: str) -> None:
        super().__init__(400, "invalidArgument", message)


class NotFound(GoogleError):
    """404 for what is not there, or no longer."""

    def __init__(self) -> None:
        super().__init__(404, "notFound", "Requested entity was not found.")


class Unauthenticated(GoogleError):
    """401 for a token that is missing, unknown or too old."""

    def __init__(self, headers: Mapping[str, str] | None = None) -> None:
        challenge = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
        super().__init__(401, "authError", "Invalid Credentials", headers={**challenge, **(headers or {})})
