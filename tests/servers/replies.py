"""What a local server answers: a reply is data, and a refusal is raised wherever it is found."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Reply:
    """A whole answer; a `streamed` body goes out in chunks, without a Content-Length."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    streamed: bool = False


def as_json(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Give a JSON object as a reply."""
    return Reply(status, json.dumps(content).encode(), headers=headers or {})


def rfc3339(moment: datetime) -> str:
    """Write a time in UTC to the second, as mail times are written."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
