"""Lists, a page at a time."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tests.servers.microsoft.query import Ask
from tests.servers.microsoft.replies import InvalidRequest
from tests.servers.replies import Reply, as_json

T = TypeVar("T")

# "Graph: Endpoints. Lists page by 10 unless `$top`".
PAGE = 10


def page(ask: Ask, items: Sequence[T], render: Callable[[T], dict[str, Any]]) -> Reply:
    """Give a page, and the link to the next one while there is one."""
    start, size = _offset(ask), ask.top or PAGE
    content: dict[str, Any] = {
        "@odata.context": f"{ask.origin}/v1.0/$metadata#Collection",
        "value": [render(item) for item in items[start : start + size]],
    }
    if start + size < len(items) or ask.last_page_leads_back:
        following = start + size if start + size < len(items) else 0
        token = base64.urlsafe_b64encode(f"at {following}".encode()).decode()
        content["@odata.nextLink"] = ask.link(_skip=None, _skiptoken=token)
    return as_json(content)


def _offset(ask: Ask) -> int:
    try:
        if "$skiptoken" in ask.options:
            return int(base64.urlsafe_b64decode(ask.options["$skiptoken"]).removeprefix(b"at "))
        return int(ask.options.get("$skip", "0"))
    except (ValueError, binascii.Error) as error:
        raise InvalidRequest("Skip token is not valid.") from error
