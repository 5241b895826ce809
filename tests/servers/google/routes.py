"""Which address of a mailbox is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.servers.google.lists import list_history, list_messages
from tests.servers.google.mailbox import GmailMailbox, GmailMessage, Label
from tests.servers.google.push import Push
from tests.servers.google.query import Ask
from tests.servers.google.render import message_json
from tests.servers.google.replies import GoogleError, InvalidArgument, NotFound
from tests.servers.google.style import Style

Content = dict[str, Any]


def call(ask: Ask) -> str:
    """Name the method that a request calls, as quotas count it; empty for none."""
    match ask.method, ask.segments:
        case "GET", ("messages",):
            return "messages.list"
        case "GET", ("messages", _):
            return "messages.get"
        case "GET", ("messages", _, "attachments", _):
            return "attachments.get"
        case "GET", ("history",):
            return "history.list"
        case "GET", ("labels",) | ("labels", _):
            return "labels"
        case "GET", ("profile",):
            return "profile"
        case "POST", ("watch" | "stop",):
            return ask.segments[0]
        case _:
            return ""


def answer(ask: Ask, mailbox: GmailMailbox, style: Style, push: Push) -> Content:
    """Answer a request below `/users/{userId}`: "Gmail: Shapes"."""
    answers: dict[str, Callable[[], Content]] = {
        "messages.list": lambda: list_messages(ask, mailbox),
        "messages.get": lambda: _read_message(ask, mailbox, style),
        "attachments.get": lambda: _attachment(ask, mailbox, style),
        "history.list": lambda: list_history(ask, mailbox),
        "labels": lambda: _labels(ask, mailbox),
        "profile": lambda: _profile(mailbox),
        "watch": lambda: _watch(ask, mailbox, push),
        "stop": lambda: _stop(mailbox),
    }
    name = call(ask)
    if name not in answers:
        raise GoogleError(404, "notFound", "The requested URL was not found on this server.")
    return answers[name]()


def _seen(mailbox: GmailMailbox, message_id: str) -> GmailMessage:
    message = mailbox.message(message_id)
    if message.late_reads > 0:
        message.late_reads -= 1
        raise NotFound
    return message


def _read_message(ask: Ask, mailbox: GmailMailbox, style: Style) -> Content:
    message = _seen(mailbox, ask.segments[1])
    form = (ask.option("format") or "full").lower()
    return message_json(mailbox, message, style, form, ask.listed("metadataHeaders"))


def _attachment(ask: Ask, mailbox: GmailMailbox, style: Style) -> Content:
    message = _seen(mailbox, ask.segments[1])
    token = ask.segments[3]
    return style.attachment(token, mailbox.tokens.find(message, token).data)


def _labels(ask: Ask, mailbox: GmailMailbox) -> Content:
    if len(ask.segments) == 1:
        return {"labels": [_label(label) for label in mailbox.labels.values()]}
    if ask.segments[1] not in mailbox.labels:
        raise NotFound
    return _label(mailbox.labels[ask.segments[1]])


def _label(label: Label) -> Content:
    return {"id": label.label_id, "name": label.name, "type": label.kind}


def _profile(mailbox: GmailMailbox) -> Content:
    threads = {message.thread_id for message in mailbox.messages.values()}
    return {
        "emailAddress": mailbox.address,
        "messagesTotal": len(mailbox.messages),
        "threadsTotal": len(threads),
        "historyId": str(mailbox.history_id),
    }


def _watch(ask: Ask, mailbox: GmailMailbox, push: Push) -> Content:
    """Watch: "`users.watch {topicName, labelIds, labelFilterBehavior}` → `{historyId, expiration}`"."""
    asked = ask.json()
    topic, labels = str(asked.get("topicName", "")), asked.get("labelIds", [])
    behaviour = str(asked.get("labelFilterBehavior", asked.get("labelFilterAction", "include"))).lower()
    if not topic.startswith("projects/") or "/topics/" not in topic:
        raise InvalidArgument("Invalid topicName does not match projects/maildock-test/topics/*")
    if topic not in push.topics:
        raise GoogleError(404, "notFound", f"Resource not found (resource={topic.rpartition('/')[2]}).")
    if not isinstance(labels, list) or behaviour not in {"include", "exclude"}:
        raise InvalidArgument("Invalid JSON payload received.")
    if not set(labels) <= set(mailbox.labels):
        raise InvalidArgument("Invalid label in labelIds")
    watch = mailbox.set_watch(topic, labels, excluding=behaviour == "exclude")
    # "And an immediate notification".
    push.announce(mailbox, topic, always=True)
    return {"historyId": str(mailbox.history_id), "expiration": str(int(watch.expires_at.timestamp() * 1000))}


def _stop(mailbox: GmailMailbox) -> Content:
    mailbox.watch = None
    return {}
