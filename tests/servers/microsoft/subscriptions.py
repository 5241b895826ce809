"""Subscriptions: made after a handshake, renewed, and dying without a word ("Graph: Subscriptions")."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.servers.microsoft.mailbox import Folder, GraphMailbox
from tests.servers.microsoft.query import Ask, segments
from tests.servers.microsoft.replies import GraphError, InvalidRequest
from tests.servers.microsoft.webhooks import Webhooks
from tests.servers.replies import Reply, as_json, rfc3339

# "Graph: Subscriptions. Longest life 10,080 minutes for mail …; less than 45 is raised to 45".
SHORTEST = timedelta(minutes=45)
LONGEST = timedelta(minutes=10_080)
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(eq=False)
class Subscription:
    """Somebody's wish to hear about one folder's new mail, or the whole mailbox's without a folder."""

    subscription_id: str
    client_id: str
    mailbox: GraphMailbox
    folder: Folder | None
    asked: dict[str, Any]
    expires_at: datetime
    immutable: bool

    @property
    def notification_url(self) -> str:
        """Where new mail is announced."""
        return str(self.asked["notificationUrl"])

    @property
    def lifecycle_url(self) -> str | None:
        """Where the subscription's own fate is announced."""
        return self.asked.get("lifecycleNotificationUrl")

    def as_json(self) -> dict[str, Any]:
        """Write it down."""
        names = ("changeType", "notificationUrl", "lifecycleNotificationUrl", "resource", "clientState")
        known = {name: self.asked.get(name) for name in names}
        expires = rfc3339(self.expires_at)
        return {"id": self.subscription_id, "applicationId": self.client_id, **known, "expirationDateTime": expires}


class Subscriptions:
    """All subscriptions of a server.

    `refuse_too_long`: whether a life over the longest is refused (the default) or cut to the longest.
    """

    def __init__(self, find: Callable[[str], GraphMailbox], now: Callable[[], datetime], webhooks: Webhooks) -> None:
        self.refuse_too_long = True
        self._find = find
        self._now = now
        self._webhooks = webhooks
        self._known: dict[str, Subscription] = {}

    def active(self) -> list[Subscription]:
        """Give those that have not expired, in the order of their making; an expired one is forgotten silently."""
        self._known = {key: known for key, known in self._known.items() if known.expires_at > self._now()}
        return list(self._known.values())

    def end(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        self._known.pop(subscription.subscription_id, None)

    def end_of(self, mailbox: GraphMailbox) -> None:
        """Forget the subscriptions to a mailbox."""
        for subscription in self.active():
            if subscription.mailbox is mailbox:
                self.end(subscription)

    async def create(self, ask: Ask) -> Subscription:
        """Make a subscription, once both of its URLs have answered the handshake."""
        asked = _read(ask)
        _check(asked)
        mailbox, folder = self._watched(str(asked.get("resource", "")))
        expires_at = self._expiry(asked)
        urls = [asked["notificationUrl"], asked.get("lifecycleNotificationUrl")]
        for url in filter(None, urls):
            await self._webhooks.shake_hands(url)
        # "Graph: Immutable ids … on every request, subscription creation included": they decide about its ids.
        made = Subscription(str(uuid.uuid4()), ask.client_id, mailbox, folder, asked, expires_at, ask.prefer.immutable)
        self._known[made.subscription_id] = made
        return made

    def answer(self, ask: Ask) -> Reply:
        """Answer what is asked of existing subscriptions."""
        match (ask.method, *ask.segments[1:]):
            case ("GET",):
                return as_json(
                    {"value": [known.as_json() for known in self.active() if known.client_id == ask.client_id]}
                )
            case ("GET", key):
                return as_json(self._own(ask, key).as_json())
            case ("PATCH", key):
                return self._renew(self._own(ask, key), _read(ask))
            case ("DELETE", key):
                self.end(self._own(ask, key))
                return Reply(204)
            case ("POST", key, "reauthorize"):
                self._own(ask, key)
                return Reply(204)
            case _:
                raise GraphError(405, "MethodNotAllowed", "This method is not allowed here.")

    def _own(self, ask: Ask, key: str) -> Subscription:
        for known in self.active():
            if known.subscription_id == key and known.client_id == ask.client_id:
                return known
        raise GraphError(404, "ResourceNotFound", "The object was not found.")

    def _renew(self, subscription: Subscription, asked: dict[str, Any]) -> Reply:
        # "Graph: Subscriptions. The lifecycle URL is set at creation only".
        if "lifecycleNotificationUrl" in asked:
            raise InvalidRequest("lifecycleNotificationUrl cannot be updated.", "InvalidRequest")
        subscription.expires_at = self._expiry(asked)
        return as_json(subscription.as_json())

    def _expiry(self, asked: dict[str, Any]) -> datetime:
        try:
            wished = datetime.fromisoformat(asked["expirationDateTime"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidRequest("expirationDateTime is not valid.", "InvalidRequest") from error
        now = self._now()
        wished = wished if wished.tzinfo else wished.replace(tzinfo=UTC)
        if wished <= now or (wished > now + LONGEST and self.refuse_too_long):
            text = "Subscription expiration can only be 10080 minutes in the future."
            raise InvalidRequest(text, "InvalidRequest")
        return min(max(wished, now + SHORTEST), now + LONGEST)

    def _watched(self, resource: str) -> tuple[GraphMailbox, Folder | None]:
        match segments(resource):
            case ("users", user, "mailfolders", folder, "messages"):
                mailbox = self._allowed(user)
                return mailbox, mailbox.folder(folder)
            case ("users", user, "messages"):
                return self._allowed(user), None
            case _:
                raise InvalidRequest("The resource is not supported.", "InvalidRequest")

    def _allowed(self, user: str) -> GraphMailbox:
        mailbox = self._find(user)
        if mailbox.denied:
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return mailbox


def _read(ask: Ask) -> dict[str, Any]:
    try:
        content = json.loads(ask.body)
    except ValueError as error:
        raise InvalidRequest("Unable to read JSON request payload.") from error
    if not isinstance(content, dict):
        raise InvalidRequest("Unable to read JSON request payload.")
    return content


def _check(asked: dict[str, Any]) -> None:
    if not re.fullmatch(r"(created|updated|deleted)(,(created|updated|deleted))*", str(asked.get("changeType"))):
        raise InvalidRequest("changeType is not valid.", "InvalidRequest")
    # "Graph: Subscriptions. clientState ≤ 128 characters".
    if len(asked.get("clientState") or "") > 128:
        raise InvalidRequest("clientState is longer than 128 characters.", "InvalidRequest")
    for name in ("notificationUrl", "lifecycleNotificationUrl"):
        if name in asked or name == "notificationUrl":
            _check_url(name, str(asked.get(name)))


def _check_url(name: str, url: str) -> None:
    # "Graph: Subscriptions. notificationUrl (https)": plain http is taken on loopback, where no certificate can be had.
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise InvalidRequest(f"{name} must be an https URL.", "InvalidRequest")
