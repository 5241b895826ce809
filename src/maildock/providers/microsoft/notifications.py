"""What Microsoft posts to the webhooks. Pure.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

import hmac
import json
from collections.abc import Collection
from dataclasses import dataclass

MOST = 5000
_LONGEST_ID = 1000


@dataclass(frozen=True, slots=True)
class Notification:
    """One item: a mail that arrived, or what befell a subscription; `client_state` is what proves it."""

    subscription_id: str
    client_state: str
    email_id: str
    lifecycle_event: str


def parse(body: bytes) -> tuple[Notification, ...]:
    """Read a batch; raises `ValueError` where it is none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise ValueError("it is no JSON") from problem
    found = content.get("value") if isinstance(content, dict) else None
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError("it has no list of items in `value`")
    if len(found) > MOST:
        raise ValueError(f"it has more than {MOST} items")
    return tuple(
        Notification(
            subscription_id=_text(item.get("subscriptionId")),
            client_state=_text(item.get("clientState")),
            email_id=_email_id(item.get("resourceData")),
            lifecycle_event=_text(item.get("lifecycleEvent")),
        )
        for item in found
    )


def is_ours(notification: Notification, client_states: Collection[str]) -> bool:
    """Say whether it quotes a state of ours, without telling by the time it takes how near it came."""
    given = notification.client_state.encode()
    fits = [hmac.compare_digest(given, state.encode()) for state in client_states]
    return bool(given) and any(fits)


def _email_id(data: object) -> str:
    found = _text(data.get("id")) if isinstance(data, dict) else ""
    return found if len(found) <= _LONGEST_ID and found.isprintable() else ""


def _text(value: object) -> str:
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
