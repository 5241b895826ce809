"""What is asked of Graph: its addresses, and what is selected there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from maildock.providers.base import Mailbox

ATTACHMENT_PAGE = 200
MESSAGE_PAGE = 200
_MESSAGE = (
    "internetMessageHeaders,internetMessageId,subject,from,sender,toRecipients,ccRecipients,conversationId,"
    "receivedDateTime,sentDateTime,isDraft"
)
# Without the cast, one name that only some attachments have makes the whole request fail.
_ATTACHMENT = (
    "id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId,"
    "microsoft.graph.fileAttachment/contentLocation"
)
_ARRIVAL = "id,receivedDateTime,isDraft"
_USERS = "/v1.0/users/"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `target` is its path and query, encoded; `prefer` are preferences beside that for immutable ids."""

    method: str
    target: str
    prefer: tuple[str, ...] = ()
    body: bytes | None = None

    @property
    def about_mailbox(self) -> bool:
        """Whether a mailbox is asked, or what is in it."""
        return self.target.startswith(_USERS)


def folder(mailbox: Mailbox, name: str) -> Call:
    """Ask whether a folder is there."""
    return Call("GET", f"{_folder(mailbox, name)}?$select=id")


def newest(mailbox: Mailbox, name: str) -> Call:
    """Ask for the newest message of a folder."""
    return Call("GET", f"{_folder(mailbox, name)}/messages?$select={_ARRIVAL}&$top=1")


def delta(mailbox: Mailbox, name: str, since: datetime) -> Call:
    """Ask for what is in a folder that was received since, and for where to look for more later."""
    query = f"changeType=created&$select={_ARRIVAL}&$filter={_since(since)}"
    return following(f"{_folder(mailbox, name)}/messages/delta?{query}")


def following(target: str) -> Call:
    """Ask for the next page."""
    return Call("GET", target, (f"odata.maxpagesize={MESSAGE_PAGE}",))


def listing(mailbox: Mailbox, name: str, since: datetime) -> Call:
    """Ask for the messages of a folder since then, the oldest first."""
    query = f"$filter={_since(since)}&$orderby=receivedDateTime&$select={_ARRIVAL}&$top={MESSAGE_PAGE}"
    return Call("GET", f"{_folder(mailbox, name)}/messages?{query}")


def message(mailbox: Mailbox, email_id: str, *, with_body: bool = True) -> Call:
    """Ask for a message without its attachments."""
    return Call("GET", f"{_message(mailbox, email_id)}?$select={_MESSAGE}{',body' if with_body else ''}")


def body(mailbox: Mailbox, email_id: str) -> Call:
    """Ask for a message's own text alone."""
    return Call("GET", f"{_message(mailbox, email_id)}?$select=body")


def mime(mailbox: Mailbox, email_id: str) -> Call:
    """Ask for a message as a raw mail."""
    return Call("GET", f"{_message(mailbox, email_id)}/$value")


def attachments(mailbox: Mailbox, email_id: str) -> Call:
    """Ask for all attachments of a message, without their bytes."""
    return Call("GET", f"{_message(mailbox, email_id)}/attachments?$select={_ATTACHMENT}&$top={ATTACHMENT_PAGE}")


def item(mailbox: Mailbox, email_id: str, attachment_id: str) -> Call:
    """Ask what an attached item is."""
    query = "$select=id&$expand=microsoft.graph.itemattachment/item"
    return Call("GET", f"{_attachment(mailbox, email_id, attachment_id)}?{query}")


def value(mailbox: Mailbox, email_id: str, attachment_id: str) -> Call:
    """Ask for the bytes of an attachment."""
    return Call("GET", f"{_attachment(mailbox, email_id, attachment_id)}/$value")


def content(mailbox: Mailbox, email_id: str, attachment_id: str) -> Call:
    """Ask for the bytes of a file in JSON."""
    query = "$select=id,microsoft.graph.fileAttachment/contentBytes"
    return Call("GET", f"{_attachment(mailbox, email_id, attachment_id)}?{query}")


def resource(mailbox: Mailbox, name: str) -> str:
    """Name what a subscription watches."""
    return f"users/{mailbox.address}/mailFolders('{name}')/messages"


def subscriptions() -> Call:
    """Ask for the application's subscriptions."""
    return Call("GET", "/v1.0/subscriptions")


def subscribe(wanted: Mapping[str, str]) -> Call:
    """Ask for a subscription."""
    return Call("POST", "/v1.0/subscriptions", body=json.dumps(wanted).encode())


def subscription(method: str, subscription_id: str) -> Call:
    """Look at a subscription, or delete it."""
    return Call(method, _subscription(subscription_id))


def prolong(subscription_id: str, until: str) -> Call:
    """Ask for a longer life of a subscription."""
    return Call("PATCH", _subscription(subscription_id), body=json.dumps({"expirationDateTime": until}).encode())


def reauthorize(subscription_id: str) -> Call:
    """Ask for a subscription to be kept."""
    return Call("POST", f"{_subscription(subscription_id)}/reauthorize", body=b"")


def moment(at: datetime) -> str:
    """Write a time as Graph takes it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _since(since: datetime) -> str:
    return f"receivedDateTime%20ge%20{moment(since)}"


def _folder(mailbox: Mailbox, name: str) -> str:
    return f"{_user(mailbox)}/mailFolders/{quote(name, safe='')}"


def _message(mailbox: Mailbox, email_id: str) -> str:
    return f"{_user(mailbox)}/messages/{quote(email_id, safe='')}"


def _attachment(mailbox: Mailbox, email_id: str, attachment_id: str) -> str:
    return f"{_message(mailbox, email_id)}/attachments/{quote(attachment_id, safe='')}"


def _subscription(subscription_id: str) -> str:
    return f"/v1.0/subscriptions/{quote(subscription_id, safe='')}"


def _user(mailbox: Mailbox) -> str:
    return f"{_USERS}{quote(mailbox.address, safe='@')}"
