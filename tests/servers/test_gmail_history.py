"""The local Gmail's history: what happened since, as far back as it still knows."""

from datetime import timedelta
from typing import Any

from tests.mail import mail
from tests.servers.gmail_client import GmailClient as Reader
from tests.servers.google.mailbox import GmailMailbox as Inbox


def kinds(content: Any) -> list[str]:
    names = ("messagesAdded", "messagesDeleted", "labelsAdded", "labelsRemoved")
    return [name for record in content.get("history", ()) for name in names if name in record]


async def test_history_begins_after_the_stored_id(reader: Reader, inbox: Inbox) -> None:
    start = inbox.history_id
    message = inbox.deliver(mail("Hello"))
    content = await reader.history(start)
    (record,) = content["history"]
    about = {"id": message.message_id, "threadId": message.thread_id}
    assert record["messagesAdded"] == [{"message": {**about, "labelIds": ["INBOX", "UNREAD"]}}]
    assert (record["messages"], record["id"]) == ([about], str(message.history_id))
    assert await reader.history(inbox.history_id) == {"historyId": str(inbox.history_id)}


async def test_a_late_label_comes_as_a_label_only(reader: Reader, inbox: Inbox) -> None:
    start, label = inbox.history_id, inbox.make_label("Support")
    message = inbox.deliver(mail("Hello"))
    inbox.add_labels(message, label.label_id)
    narrowed = f"&labelId={label.label_id}&historyTypes=messageAdded"
    assert kinds(await reader.history(start, narrowed)) == []
    content = await reader.history(start, f"{narrowed}&historyTypes=labelAdded")
    assert kinds(content) == ["labelsAdded"]
    assert content["history"][0]["labelsAdded"][0]["labelIds"] == [label.label_id]


async def test_moves_and_deletions_are_told(reader: Reader, inbox: Inbox) -> None:
    start, message = inbox.history_id, inbox.deliver(mail("Hello"))
    inbox.move(message, "IMPORTANT")
    inbox.delete(message)
    told = ["messagesAdded", "labelsAdded", "labelsRemoved", "messagesDeleted"]
    assert kinds(await reader.history(start)) == told
    assert kinds(await reader.history(start, "&historyTypes=messageAdded")) == told[:1]


async def test_history_pages(reader: Reader, inbox: Inbox) -> None:
    start = inbox.history_id
    for number in range(5):
        inbox.deliver(mail(f"Mail {number}"))
    sizes, token = [], ""
    while True:
        content = await reader.history(start, f"&maxResults=2&pageToken={token}")
        sizes.append(len(content["history"]))
        token = content.get("nextPageToken", "")
        if not token:
            break
    assert sizes == [2, 2, 1]


async def test_a_start_that_is_too_old_is_not_found(reader: Reader, inbox: Inbox) -> None:
    start = inbox.history_id
    inbox.deliver(mail("Hello"))
    inbox.forget_history()
    assert (await reader.get(f"/history?startHistoryId={start}"))[0] == 404
    assert (await reader.history(inbox.history_id))["historyId"] == str(inbox.history_id)


async def test_history_is_forgotten_after_a_week(reader: Reader, inbox: Inbox) -> None:
    start = inbox.history_id
    inbox.deliver(mail("Old"))
    reader.gmail.advance(timedelta(days=8))
    await reader.log_in()
    between = inbox.history_id
    inbox.deliver(mail("New"))
    assert (await reader.get(f"/history?startHistoryId={start}"))[0] == 404
    assert kinds(await reader.history(between)) == ["messagesAdded"]


async def test_wrong_questions_are_refused(reader: Reader, inbox: Inbox) -> None:
    at = f"/history?startHistoryId={inbox.history_id}"
    for query in ("/history", "/history?startHistoryId=x", f"{at}&historyTypes=messageAdded,labelAdded"):
        assert (await reader.get(query))[0] == 400
