"""What came in is found, all of it, whatever becomes of pushes, history and pages."""

from datetime import UTC, datetime, timedelta

import pytest

from maildock.domain.errors import Throttled, Unauthorized, Unavailable
from maildock.providers.base import Changes
from maildock.providers.gmail import settings
from maildock.providers.gmail.changes import Position, read_position
from maildock.tables import mailbox_connections
from tests.mail import mail
from tests.providers.gmail.conftest import Connect, Desk, with_since
from tests.servers.google.mailbox import GmailMessage

NOW = datetime.now(UTC)


async def follow(desk: Desk, cursor: str | None = None) -> tuple[list[str], str | None, list[Changes]]:
    """Read all pages that are to be had; the ids as they came, the cursor, the pages."""
    pages: list[Changes] = []
    while not pages or pages[-1].more:
        pages.append(await desk.provider.changes(desk.mailbox, cursor))
        cursor = pages[-1].cursor
    return [one.email_id for page in pages for one in page.arrivals if not one.ignored], cursor, pages


def ids(*messages: GmailMessage) -> list[str]:
    return [message.message_id for message in messages]


async def test_the_first_round_gives_what_came_after_the_start_in_its_order(desk: Desk) -> None:
    desk.inbox.deliver(mail("Old"), received=NOW - timedelta(days=40))
    first = desk.inbox.deliver(mail("First"), received=NOW - timedelta(hours=2))
    second = desk.inbox.deliver(mail("Second"), received=NOW - timedelta(hours=1))
    found, cursor, _ = await follow(desk)
    assert found == ids(first, second)
    assert (await follow(desk, cursor))[0] == []


async def test_mail_of_the_very_second_that_it_starts_at_is_found(desk: Desk) -> None:
    start = NOW.replace(microsecond=0)
    message = desk.inbox.deliver(mail("Hello"), received=start)
    assert (await follow(with_since(desk, start)))[0] == ids(message)


async def test_what_comes_while_the_list_is_read_is_in_the_history(desk: Desk) -> None:
    before = desk.inbox.deliver(mail("Before"))
    first = await desk.provider.changes(desk.mailbox, None)
    meanwhile = desk.inbox.deliver(mail("Meanwhile"))
    found, _, _ = await follow(desk, first.cursor)
    assert ids(before) == [one.email_id for one in first.arrivals]
    assert found == ids(meanwhile)


async def test_long_lists_and_histories_come_in_pages(desk: Desk) -> None:
    early = [desk.inbox.deliver(mail(f"{number}")) for number in range(510)]
    found, cursor, pages = await follow(desk)
    assert (set(found), len(found), len(pages)) == (set(ids(*early)), 510, 3)
    late = [desk.inbox.deliver(mail(f"{number}")) for number in range(1010)]
    page = await desk.provider.changes(desk.mailbox, cursor)
    # A page that was not committed is asked for again.
    assert (await desk.provider.changes(desk.mailbox, cursor)).arrivals == page.arrivals
    newest = desk.inbox.deliver(mail("Newest"))
    found, cursor, pages = await follow(desk, page.cursor)
    assert [one.email_id for one in page.arrivals] + found == ids(*late, newest)
    again = (await follow(desk, cursor))[0]
    assert set(again) <= set(ids(newest))


async def test_the_history_id_moves_on_only_at_the_end(desk: Desk) -> None:
    _, cursor, _ = await follow(desk)
    for number in range(510):
        desk.inbox.deliver(mail(f"{number}"))
    page = await desk.provider.changes(desk.mailbox, cursor)
    old, halfway = read_position(cursor), read_position(page.cursor)
    assert old is not None
    assert halfway is not None
    assert (halfway.history, halfway.page != "") == (old.history, True)


async def test_a_mail_that_gets_its_label_later_is_found(connect: Connect) -> None:
    desk = await connect()
    label = desk.inbox.make_label("Support/New")
    desk = await connect(label="support/new")
    _, cursor, _ = await follow(desk)
    message = desk.inbox.deliver(mail("Hello"))
    found, cursor, _ = await follow(desk, cursor)
    desk.inbox.add_labels(message, label.label_id)
    later, cursor, _ = await follow(desk, cursor)
    desk.inbox.add_labels(message, "STARRED")
    assert (found, later, (await follow(desk, cursor))[0]) == ([], ids(message), [])


async def test_a_label_is_looked_up_once(connect: Connect) -> None:
    desk = await connect(label="INBOX")
    for _ in range(3):
        await follow(desk)
    assert desk.asked("/labels") == 1


async def test_a_label_that_is_not_there_names_those_that_are(connect: Connect) -> None:
    desk = await connect(label="Nowhere")
    with pytest.raises(Unauthorized, match="no label Nowhere") as caught:
        await follow(desk)
    assert "INBOX" in str(caught.value.remedy)


async def test_a_label_that_was_deleted_is_noticed(connect: Connect) -> None:
    desk = await connect()
    label = desk.inbox.make_label("Support")
    desk = await connect(label="Support")
    await follow(desk)
    del desk.inbox.labels[label.label_id]
    with pytest.raises(Unauthorized, match="no label Support"):
        await follow(desk)


async def test_drafts_and_sent_mails_do_not_break_the_page(connect: Connect) -> None:
    desk = await connect()
    _, cursor, _ = await follow(desk)
    desk.inbox.deliver(mail("Draft"), labels=("INBOX", "DRAFT"))
    own = desk.inbox.deliver(mail("To myself"), labels=("INBOX", "SENT"))
    desk.inbox.deliver(mail("Elsewhere"), labels=("SENT",))
    real = desk.inbox.deliver(mail("Real"))
    assert (await follow(desk, cursor))[0] == ids(own, real)


async def test_a_forgotten_history_is_made_up_for_by_a_list(desk: Desk) -> None:
    _, cursor, _ = await follow(desk)
    missed = [desk.inbox.deliver(mail(f"{number}")) for number in range(3)]
    desk.inbox.deliver(mail("Long before"), received=NOW - timedelta(days=3))
    desk.inbox.forget_history()
    found, cursor, pages = await follow(desk, cursor)
    assert set(found) == set(ids(*missed))
    assert [page.recovered for page in pages] == [True, False]
    after = desk.inbox.deliver(mail("After"))
    found, _, pages = await follow(desk, cursor)
    assert (found, pages[-1].recovered) == (ids(after), False)


async def test_what_was_known_a_week_ago_is_made_up_for(desk: Desk) -> None:
    _, cursor, _ = await follow(desk)
    missed = desk.inbox.deliver(mail("Missed"))
    desk.inbox.remembers = timedelta()
    desk.inbox.deliver(mail("Also"))
    found, _, pages = await follow(desk, cursor)
    assert missed.message_id in found
    assert pages[0].recovered


async def test_a_rescan_reaches_back_no_further_than_the_start(desk: Desk) -> None:
    late = with_since(desk, NOW - timedelta(minutes=5))
    _, cursor, _ = await follow(late)
    desk.inbox.deliver(mail("Before the start"), received=NOW - timedelta(hours=1))
    desk.inbox.forget_history()
    assert (await follow(late, cursor))[0] == []


@pytest.mark.parametrize("cursor", ["", "null", "[]", "nonsense", '{"history": 7}', '{"x": 1}', '{"history": "²"}'])
async def test_a_cursor_that_is_none_of_ours_begins_anew(desk: Desk, cursor: str) -> None:
    message = desk.inbox.deliver(mail("Hello"))
    found, _, pages = await follow(desk, cursor)
    assert (found, pages[0].recovered) == (ids(message), True)


def test_a_position_is_read_back() -> None:
    position = Position("12", "a b", "13", listing=True, recovered=True, after=5, good=6)
    assert read_position(position.written()) == position


async def test_a_page_that_is_refused_is_begun_again_later(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello"))
    bad = Position(str(desk.inbox.history_id), page="a", listing=True)
    page = await desk.provider.changes(desk.mailbox, bad.written())
    assert (page.arrivals, page.more) == ((), False)
    assert (await follow(desk, page.cursor))[0] == ids(message)


async def test_throttling_and_outages_are_raised_and_lose_nothing(desk: Desk) -> None:
    _, cursor, _ = await follow(desk)
    message = desk.inbox.deliver(mail("Hello"))
    desk.gmail.fault("/history", kind="user_rate")
    with pytest.raises(Throttled):
        await follow(desk, cursor)
    desk.gmail.fault("/history", kind="short", after=30)
    with pytest.raises(Unavailable):
        await follow(desk, cursor)
    assert (await follow(desk, cursor))[0] == ids(message)


async def test_lost_pushes_do_not_matter(desk: Desk) -> None:
    desk.gmail.push.silent = True
    await desk.provider.watch(desk.mailbox)
    _, cursor, _ = await follow(desk)
    message = desk.inbox.deliver(mail("Hello"))
    assert (await follow(desk, cursor))[0] == ids(message)


async def relabel(desk: Desk, label: str) -> None:
    """Have the mailbox read by another label from now on."""
    async with desk.database.tenant(desk.mailbox.tenant) as session:
        known = await mailbox_connections.get(session, desk.mailbox.provider_id)
        assert known
        changed = settings.changed(known.settings, label, "", "")
        await mailbox_connections.resettle(session, desk.mailbox.provider_id, changed)
    desk.provider._client.renew(desk.mailbox)  # noqa: SLF001 - what a few seconds do


async def test_another_label_is_read_from_the_change_on_and_the_old_one_to_its_end(desk: Desk) -> None:
    support = desk.inbox.make_label("Support").label_id
    desk.inbox.deliver(mail("Long before"), received=NOW - timedelta(days=9), labels=(support,))
    _, cursor, _ = await follow(desk)
    unread = [desk.inbox.deliver(mail(f"{number}")) for number in range(510)]
    await relabel(desk, "Support")
    new = desk.inbox.deliver(mail("New"), labels=(support,))
    found, cursor, _ = await follow(desk, cursor)
    assert (set(found), len(found)) == (set(ids(*unread, new)), 511)
    desk.inbox.deliver(mail("Not wanted any more"))
    later = desk.inbox.deliver(mail("Later"), labels=(support,))
    assert (await follow(desk, cursor))[0] == ids(later)


async def test_a_label_that_is_gone_gives_way_to_another(connect: Connect) -> None:
    desk = await connect()
    old, new = desk.inbox.make_label("Old").label_id, desk.inbox.make_label("New").label_id
    desk = await connect(label="Old")
    _, cursor, _ = await follow(desk)
    del desk.inbox.labels[old]
    await relabel(desk, "New")
    message = desk.inbox.deliver(mail("Hello"), labels=(new,))
    assert (await follow(desk, cursor))[0] == ids(message)


async def test_a_history_lost_at_the_change_of_the_label_loses_no_mail(desk: Desk) -> None:
    support = desk.inbox.make_label("Support").label_id
    _, cursor, _ = await follow(desk)
    both = [desk.inbox.deliver(mail("Old")), desk.inbox.deliver(mail("New"), labels=(support,))]
    desk.inbox.forget_history()
    await relabel(desk, "Support")
    assert set((await follow(desk, cursor))[0]) == set(ids(*both))
