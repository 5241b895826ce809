"""How Graph refuses a request, and how it writes times."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.servers.replies import Reply, as_json


class GraphError(Exception):
    """The request is refused."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def reply(self, client_request_id: str = "") -> Reply:
        """Write the error down: "Graph: Error JSON"."""
        request_id = str(uuid.uuid4())
        inner = {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        }
        content = {"error": {"code": self.code, "message": self.message, "innerError": inner}}
        return as_json(content, self.status, {"request-id": request_id, **self.headers})


class InvalidRequest(GraphError):
    """400 for a request that cannot be understood."""

    def __init__(self, message: str, code: str = "BadRequest") -> None:
        super().__init__(400, code, message)


class ItemNotFound(GraphError):
    """404 for an item that is not there. "Graph: Immutable ids. … A missing item: 404 ErrorItemNotFound"."""

    def __init__(self) -> None:
        super().__init__(404, "ErrorItemNotFound", "The specified object was not found in the store.")
