"""Whatever Gmail answers, no mail and no mailbox is held up for good, and nothing of another mail is read."""

import json
from typing import Any

import pytest

from maildock.domain.errors import Refused, Unauthorized, Unavailable
from tests.mail import mail
from tests.providers.gmail.conftest import Desk
from tests.servers.google.mailbox import GmailMessage

HISTORY = "9007199254740999"


def lie(desk: Desk, match: str, content: dict[str, Any]) -> None:
    desk.gmail.lies[match] = json.dumps(content).encode()


def describe(desk: Desk, message: GmailMessage, *parts: dict[str, Any]) -> None:
    """Let Gmail describe a message by these parts."""
    payload = {"partId": "", "mimeType": "multipart/mixed", "parts": [*parts]}
    lie(desk, f"/messages/{message.message_id}?format=full", {"id": message.message_id, "payload": payload})


def part(part_id: str, **body: Any) -> dict[str, Any]:
    return {"partId": part_id, "mimeType": "application/pdf", "filename": "a.pdf", "body": body}


async def following(desk: Desk) -> str | None:
    """Give the cursor behind the first round, from which history is read."""
    page = await desk.provider.changes(desk.mailbox, None)
    return page.cursor


async def test_what_can_be_no_id_names_no_mail(desk: Desk) -> None:
    ids: list[Any] = ["", "\x00", "\ud800", "x" * 1001, 7, None, "right"]
    lie(desk, "/messages?", {"messages": [{"id": one} for one in ids]})
    page = await desk.provider.changes(desk.mailbox, None)
    assert [arrival.email_id for arrival in page.arrivals] == ["right"]
    records = [{"messagesAdded": [{"message": {"id": one}}]} for one in ids]
    lie(desk, "/history?", {"historyId": HISTORY, "history": records})
    page = await desk.provider.changes(desk.mailbox, page.cursor)
    assert [arrival.email_id for arrival in page.arrivals] == ["right"]


@pytest.mark.parametrize(
    "content",
    [
        *({}, {"historyId": "9" * 5000}, {"historyId": "٣"}, {"historyId": "-1"}, {"historyId": None}),
        *({"historyId": HISTORY, "nextPageToken": token} for token in ("\ud800", "x" * 1001, 7, ["x"])),
    ],
)
async def test_a_history_that_does_not_go_on_is_an_outage(desk: Desk, content: dict[str, Any]) -> None:
    cursor = await following(desk)
    lie(desk, "/history?", content)
    with pytest.raises(Unavailable):
        await desk.provider.changes(desk.mailbox, cursor)


async def test_a_page_that_leads_to_itself_is_an_outage(desk: Desk) -> None:
    cursor = await following(desk)
    lie(desk, "/history?", {"historyId": HISTORY, "nextPageToken": "again"})
    page = await desk.provider.changes(desk.mailbox, cursor)
    with pytest.raises(Unavailable):
        await desk.provider.changes(desk.mailbox, page.cursor)


async def test_labels_without_ids_are_none_and_their_names_fit_a_line(desk: Desk) -> None:
    lie(desk, "/labels", {"labels": [{"id": "\ud800", "name": "INBOX"}, {"id": "1", "name": "a\x00\n\ud800"}]})
    with pytest.raises(Unauthorized) as refusal:
        await desk.provider.changes(desk.mailbox, None)
    assert str(refusal.value.remedy).isprintable()


async def test_a_handle_of_another_mail_opens_nothing(desk: Desk) -> None:
    desk.gmail.style.small_in_data = False
    secret = desk.inbox.deliver(mail("Secret").attach("secret.pdf", b"secret"))
    message = desk.inbox.deliver(mail("Mine").attach("a.pdf", b"mine"))
    handle = desk.inbox.tokens.issue(secret, secret.root.parts[1])
    describe(desk, message, part("0", attachmentId=handle, size=6))
    with pytest.raises(Refused):
        await desk.read(message, "0")


@pytest.mark.parametrize("size", [1 << 63, 10**300])
async def test_a_size_beyond_all_measure_can_be_written_down(desk: Desk, size: int) -> None:
    message = desk.inbox.deliver(mail())
    describe(desk, message, part("0", attachmentId="x", size=size))
    (found,) = (await desk.fetch(message)).parts
    assert found.size == (1 << 63) - 1


async def test_a_part_id_longer_than_any_tree_is_read_from_raw_mail(desk: Desk) -> None:
    message = desk.inbox.deliver(mail().attach("a.pdf", b"1"))
    describe(desk, message, part(".".join(["1"] * 1000), data="QQ", size=1))
    assert await desk.files(message) == {"1": b"1"}
