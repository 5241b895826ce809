"""No mail of the folder is missed, whatever becomes of the cursor."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from maildock.domain.errors import Unauthorized, Unavailable
from maildock.providers.microsoft.settings import changed
from maildock.tables import mailbox_connections
from tests.mail import mail
from tests.providers.microsoft.conftest import SINCE, Connect, Desk
from tests.servers.microsoft.mailbox import GraphMessage

NOW = datetime.now(UTC).replace(microsecond=0)


def deliver(desk: Desk, number: int) -> list[GraphMessage]:
    return [desk.inbox.deliver(b"Subject: x\r\n\r\n", received=NOW - timedelta(minutes=at)) for at in range(number)]


def ids(sent: list[GraphMessage]) -> set[str]:
    return {message.immutable_id for message in sent}


async def test_the_first_round_gives_all_since_the_start_and_the_next_what_came_later(desk: Desk) -> None:
    old = desk.inbox.deliver(mail(), received=SINCE - timedelta(days=1))
    sent = deliver(desk, 3)
    found, cursor = await desk.arrivals()
    assert {arrival.email_id for arrival in found} == ids(sent)
    assert old.immutable_id not in str(found)
    later = desk.inbox.deliver(mail())
    found, cursor = await desk.arrivals(cursor)
    assert [(arrival.email_id, arrival.received_at) for arrival in found] == [(later.immutable_id, later.received)]
    assert (await desk.arrivals(cursor))[0] == []


async def test_a_round_of_many_pages_is_given_page_by_page(desk: Desk) -> None:
    sent = deliver(desk, 450)
    first = await desk.provider.changes(desk.mailbox, None)
    assert (len(first.arrivals), first.more, first.recovered) == (200, True, False)
    found, _ = await desk.arrivals(first.cursor)
    assert {arrival.email_id for arrival in (*first.arrivals, *found)} == ids(sent)


async def test_a_mail_of_the_very_second_of_the_start_is_taken(connect: Connect) -> None:
    desk = await connect(since=NOW + timedelta(microseconds=500_000))
    sent = desk.inbox.deliver(mail(), received=NOW)
    assert [arrival.email_id for arrival in (await desk.arrivals())[0]] == [sent.immutable_id]


async def test_an_old_mail_that_is_moved_in_is_no_arrival(desk: Desk) -> None:
    _, cursor = await desk.arrivals()
    old = desk.inbox.deliver(mail(), received=SINCE - timedelta(days=1), folder="archive")
    desk.inbox.move(old, "inbox")
    assert (await desk.arrivals(cursor))[0] == []


async def test_removals_are_dropped_and_drafts_marked(desk: Desk) -> None:
    sent = deliver(desk, 1)
    _, cursor = await desk.arrivals()
    desk.inbox.delete(sent[0])
    draft = desk.inbox.deliver(mail(), is_draft=True)
    found, _ = await desk.arrivals(cursor)
    assert [(arrival.email_id, arrival.ignored) for arrival in found] == [(draft.immutable_id, True)]


async def test_a_replay_is_given_again(desk: Desk) -> None:
    sent = deliver(desk, 2)
    _, cursor = await desk.arrivals()
    desk.inbox.replays = 1
    found, _ = await desk.arrivals(cursor)
    assert {arrival.email_id for arrival in found} < ids(sent)


@pytest.mark.parametrize(
    ("status", "code"), [(410, "resyncRequired"), (400, "syncStateNotFound"), (404, "SyncStateNotFound")]
)
async def test_a_lost_cursor_begins_anew_and_says_what_that_recovered(desk: Desk, status: int, code: str) -> None:
    _, cursor = await desk.arrivals()
    sent = deliver(desk, 2)
    desk.inbox.lose_sync(status, code)
    lost = await desk.provider.changes(desk.mailbox, cursor)
    assert (lost.arrivals, lost.more, lost.recovered) == ((), True, True)
    found = await desk.provider.changes(desk.mailbox, lost.cursor)
    assert ({arrival.email_id for arrival in found.arrivals}, found.recovered) == (ids(sent), True)
    assert not (await desk.provider.changes(desk.mailbox, found.cursor)).recovered


async def test_a_cursor_of_another_folder_or_of_nobody_begins_anew(desk: Desk) -> None:
    sent = deliver(desk, 1)
    _, cursor = await desk.arrivals()
    moved = json.dumps({**json.loads(cursor or ""), "folder": "archive"})
    for other in (moved, "nonsense", "[]", '{"target": 1}'):
        assert {arrival.email_id for arrival in (await desk.arrivals(other))[0]} == ids(sent)


async def test_beyond_the_cap_of_a_filtered_round_the_folder_is_listed(desk: Desk) -> None:
    sent = deliver(desk, 5300)
    found, cursor = await desk.arrivals()
    assert {arrival.email_id for arrival in found} == ids(sent)
    later = desk.inbox.deliver(mail())
    assert [arrival.email_id for arrival in (await desk.arrivals(cursor))[0]] == [later.immutable_id]


async def test_mails_deleted_while_the_folder_is_listed_hide_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildock.providers.microsoft.changes.FILTERED_MOST", 400)
    monkeypatch.setattr("tests.servers.microsoft.delta.FILTERED_MOST", 400)
    sent = deliver(desk, 900)
    known, cursor, more = set[str](), None, True
    while more:
        page = await desk.provider.changes(desk.mailbox, cursor)
        known |= {arrival.email_id for arrival in page.arrivals}
        cursor, more = page.cursor, page.more
        if '"begins": "2' in str(cursor):
            for gone in [message for message in desk.inbox.messages if message.immutable_id in known][-20:]:
                desk.inbox.delete(gone)
    assert known == ids(sent)


async def test_many_mails_of_one_second_are_listed_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildock.providers.microsoft.changes.FILTERED_MOST", 400)
    monkeypatch.setattr("tests.servers.microsoft.delta.FILTERED_MOST", 400)
    sent = [desk.inbox.deliver(b"Subject: x\r\n\r\n", received=NOW) for _ in range(900)]
    assert {arrival.email_id for arrival in (await desk.arrivals())[0]} == ids(sent)


@pytest.mark.parametrize("origin", ["http://127.0.0.2:9", "http://localhost:1", "https://graph.example", "file:///x"])
async def test_a_link_to_another_place_is_not_followed(desk: Desk, origin: str) -> None:
    deliver(desk, 201)
    desk.graph.link_origin = origin
    with pytest.raises(Unavailable):
        await desk.provider.changes(desk.mailbox, None)


async def test_an_answer_that_is_no_page_is_not_taken_for_an_empty_one(desk: Desk) -> None:
    desk.graph.fault("delta", kind="garbage")
    with pytest.raises(Unavailable):
        await desk.provider.changes(desk.mailbox, None)


async def test_a_missing_folder_is_said(connect: Connect) -> None:
    desk = await connect(folder="Support")
    with pytest.raises(Unauthorized, match="no folder Support"):
        await desk.provider.changes(desk.mailbox, None)
    with pytest.raises(Unauthorized, match="no folder Support"):
        await desk.provider.probe(desk.mailbox)


async def test_a_closed_mailbox_is_told_by_the_probe(desk: Desk) -> None:
    await desk.provider.probe(desk.mailbox)
    desk.inbox.denied = True
    with pytest.raises(Unauthorized) as caught:
        await desk.provider.probe(desk.mailbox)
    assert "Mail.Read" in str(caught.value.remedy)


async def test_what_came_after_a_long_absence_is_read_in_one_go(desk: Desk) -> None:
    _, cursor = await desk.arrivals()
    sent = deliver(desk, 450)
    found, cursor = await desk.arrivals(cursor)
    assert {arrival.email_id for arrival in found} == ids(sent)
    assert (await desk.arrivals(cursor))[0] == []


async def refolder(desk: Desk, folder: str) -> None:
    """Have another folder read from now on."""
    async with desk.database.tenant(desk.mailbox.tenant) as session:
        known = await mailbox_connections.get(session, desk.mailbox.provider_id)
        assert known
        await mailbox_connections.resettle(session, desk.mailbox.provider_id, changed(known.settings, folder))
    await desk.provider.watch(desk.mailbox)


async def test_another_folder_is_read_from_the_change_on_and_the_old_one_to_its_end(desk: Desk) -> None:
    before = desk.inbox.deliver(mail(), received=NOW - timedelta(days=9), folder="archive")
    _, cursor = await desk.arrivals()
    unread = deliver(desk, 450)
    await refolder(desk, "archive")
    new = desk.inbox.deliver(mail(), folder="archive")
    found, cursor = await desk.arrivals(cursor)
    assert {arrival.email_id for arrival in found} == ids([*unread, new])
    assert before.immutable_id not in str(found)
    deliver(desk, 1)
    later = desk.inbox.deliver(mail(), folder="archive")
    assert [arrival.email_id for arrival in (await desk.arrivals(cursor))[0]] == [later.immutable_id]


async def test_what_was_before_the_change_stays_out_when_the_cursor_is_lost(desk: Desk) -> None:
    desk.inbox.deliver(mail(), received=NOW - timedelta(days=9), folder="archive")
    _, cursor = await desk.arrivals()
    await refolder(desk, "archive")
    _, cursor = await desk.arrivals(cursor)
    sent = desk.inbox.deliver(mail(), folder="archive")
    desk.inbox.lose_sync(410, "resyncRequired")
    assert {arrival.email_id for arrival in (await desk.arrivals(cursor))[0]} == ids([sent])


async def test_a_cursor_lost_at_the_change_of_the_folder_loses_no_mail(desk: Desk) -> None:
    _, cursor = await desk.arrivals()
    sent = [*deliver(desk, 2), desk.inbox.deliver(mail(), folder="archive")]
    desk.inbox.lose_sync(410, "resyncRequired")
    await refolder(desk, "archive")
    assert {arrival.email_id for arrival in (await desk.arrivals(cursor))[0]} == ids(sent)


async def test_a_folder_that_is_gone_gives_way_to_another(connect: Connect) -> None:
    desk = await connect(folder="Support")
    sent = deliver(desk, 1)
    nowhere = json.dumps({"folder": "Support", "target": "", "is_first": True})
    await refolder(desk, "inbox")
    assert {arrival.email_id for arrival in (await desk.arrivals(nowhere))[0]} == ids(sent)
