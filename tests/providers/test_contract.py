"""What every vendor's mailbox promises, whoever the vendor is."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from maildock.flow.ask_now import ask_now
from maildock.flow.connect import disconnect, renew_secret
from maildock.flow.context import Context
from maildock.flow.receive_push import mailbox_of, receive_nudge
from maildock.flow.recover import is_due
from maildock.flow.retry import AttachmentAddress, retry, retry_all_failed
from maildock.queue import Hint
from maildock.storage.keys import object_key
from maildock.tables import email_processed_messages as messages
from maildock.tables import email_providers
from maildock.tables.email_processed_messages import Announced
from maildock.tables.tenants import Tenant
from maildock.worker.worker import Worker
from tests.desk import COMMENTS, LEDGER, TICKETS, Desk
from tests.mail import Mail, mail
from tests.providers.vendors import ADDRESS, MailboxDesk, Vendor, connected

BIG = bytes(range(256)) * 8000


def letter(subject: str = "Printer") -> Mail:
    return mail(subject).attach("a.txt", b"hello").attach("big.bin", BIG)


async def test_a_mail_makes_a_ticket_with_its_documents(box: MailboxDesk) -> None:
    box.vendor.deliver(letter())
    await box.work()
    assert [ticket["subject"] for ticket in await box.desk.all(TICKETS)] == ["Printer"]
    assert await box.desk.documents() == {"a.txt": b"hello", "big.bin": BIG}
    assert (await box.desk.fsck()).clean


async def test_a_reply_joins_the_ticket(box: MailboxDesk) -> None:
    first = letter()
    box.vendor.deliver(first)
    await box.work()
    box.vendor.deliver(mail(text="on fire").reply_to(first).attach("photo.jpg", b"jpg"))
    await box.work()
    assert len(await box.desk.all(TICKETS)) == 1
    assert [comment["body_text"].strip() for comment in await box.desk.all(COMMENTS)][1] == "on fire"
    assert set(await box.desk.documents()) == {"a.txt", "big.bin", "photo.jpg"}


async def test_looking_twenty_times_adds_nothing(box: MailboxDesk) -> None:
    box.vendor.deliver(letter())
    for _ in range(20):
        await box.work()
    assert len(await box.desk.all(TICKETS)) == 1
    assert len(await box.desk.all(LEDGER)) == 2


async def test_a_lost_place_and_a_full_search_add_nothing(box: MailboxDesk) -> None:
    box.vendor.deliver(letter())
    await box.work()
    box.vendor.lose_place()
    box.vendor.deliver(letter("Scanner").attach("c.txt", b"c"))
    await box.work()
    assert [ticket["subject"] for ticket in await box.desk.all(TICKETS)] == ["Printer", "Scanner"]
    assert len(await box.desk.all(LEDGER)) == 5


async def test_what_a_search_recovered_is_counted(box: MailboxDesk) -> None:
    box.vendor.deliver(letter())
    await box.work()
    for subjects in (["Scanner", "Phone"], ["Fax"]):
        box.vendor.lose_place()
        for subject in subjects:
            box.vendor.deliver(letter(subject))
        await box.work()
        assert (await box.provider())["recovered"] == len(subjects)


async def test_mail_from_before_the_start_makes_no_ticket(context: Context, tenant: Tenant, vendor: Vendor) -> None:
    vendor.new_mailbox(ADDRESS, None)
    vendor.deliver(letter("Old"), received=datetime.now(UTC) - timedelta(days=2))
    box = await connected(Desk(context, tenant), vendor)
    vendor.deliver(letter("New"))
    await box.work()
    vendor.lose_place()
    await box.work()
    assert [ticket["subject"] for ticket in await box.desk.all(TICKETS)] == ["New"]


async def test_an_earlier_start_brings_older_mail_in(context: Context, tenant: Tenant, vendor: Vendor) -> None:
    vendor.new_mailbox(ADDRESS, None)
    vendor.deliver(letter("Old"), received=datetime.now(UTC) - timedelta(days=2))
    box = await connected(Desk(context, tenant), vendor)
    await box.work()
    assert await box.desk.all(TICKETS) == []
    await ask_now(context, tenant.tenant, box.provider_id, datetime.now(UTC) - timedelta(days=3))
    await Worker(context).drain(asyncio.Event())
    assert [ticket["subject"] for ticket in await box.desk.all(TICKETS)] == ["Old"]


@pytest.mark.parametrize("kind", ["unavailable", "throttled", "error", "cut", "reset"])
async def test_a_fault_while_reading_files_delays_and_loses_nothing(box: MailboxDesk, kind: str) -> None:
    box.vendor.deliver(letter())
    box.vendor.fault(box.vendor.files_path, 3, kind, after=1000)
    await box.work_until_settled()
    assert await box.desk.documents() == {"a.txt": b"hello", "big.bin": BIG}
    assert (await box.desk.fsck()).clean


@pytest.mark.parametrize("kind", ["unavailable", "throttled", "error", "cut", "reset"])
async def test_a_fault_anywhere_delays_and_loses_nothing(box: MailboxDesk, kind: str) -> None:
    box.vendor.deliver(letter())
    box.vendor.fault("", 4, kind, after=50)
    await box.work_until_settled()
    assert await box.desk.documents() == {"a.txt": b"hello", "big.bin": BIG}
    assert len(await box.desk.all(TICKETS)) == 1


async def test_a_mail_that_was_moved_is_still_read(box: MailboxDesk) -> None:
    email_id = box.vendor.deliver(letter())
    box.vendor.fault(box.vendor.files_path, 1, "unavailable", retry_after=2)
    await box.work()
    box.vendor.move(email_id)
    await box.work_until_settled()
    assert await box.desk.documents() == {"a.txt": b"hello", "big.bin": BIG}


@pytest.mark.parametrize("tries", [2, 8])
async def test_a_mail_that_was_deleted_before_it_was_read_is_gone(box: MailboxDesk, tries: int) -> None:
    context = replace(box.desk.context, rules=replace(box.desk.context.rules, max_attempts=tries))
    box = replace(box, desk=Desk(context, box.desk.tenant))
    email_id = box.vendor.deliver(letter())
    box.vendor.fault(email_id, 1, "unavailable", retry_after=2)
    await box.work()
    box.vendor.delete(email_id)
    await box.work_until_settled()
    assert await box.emails() == {email_id: "gone"}
    assert await box.desk.all(TICKETS) == []


@pytest.mark.parametrize("html", [None, "<p>Hello,<br>it is <b>on fire</b>.</p>"])
async def test_a_mail_that_also_came_another_way_is_filed_once(box: MailboxDesk, html: str | None) -> None:
    sent = mail("Printer", text="Hello,\nit is *on fire*.").attach("a.txt", b"hello")
    sent = sent.html(html) if html else sent
    await box.desk.ingest(sent)
    box.vendor.deliver(sent)
    await box.work()
    assert sorted((await box.emails()).values()) == ["duplicate", "filed"]
    assert len(await box.desk.all(COMMENTS)) == 1
    assert await box.desk.documents() == {"a.txt": b"hello"}


@pytest.mark.parametrize("status", ["gone", "ignored"])
async def test_a_mail_that_is_there_after_all_is_filed(box: MailboxDesk, status: str) -> None:
    email_id = box.vendor.deliver(letter())
    async with box.desk.context.database.tenant(box.desk.tenant.tenant) as session:
        await messages.receive_all(session, box.provider_id, [Announced(email_id, None, ignored=True)])
    await box.desk.all(
        "UPDATE email_processed_messages SET status = %(status)s, attempts = 4 WHERE tenant = %(tenant)s", status=status
    )
    await box.work_until_settled()
    assert await box.emails() == {email_id: "filed"}
    assert await box.desk.documents() == {"a.txt": b"hello", "big.bin": BIG}


async def test_being_locked_out_pauses_with_a_reason_and_loses_nothing(box: MailboxDesk) -> None:
    open_again = box.vendor.lock_out()
    box.vendor.deliver(letter())
    await box.work()
    row = await box.provider()
    assert (row["status"], row["self_paused"]) == ("paused", True)
    assert row["status_reason"]
    assert row["status_remedy"]
    open_again()
    # It looks again by itself.
    await box.work_until_settled()
    assert (await box.provider())["status"] == "active"
    assert await box.desk.documents() == {"a.txt": b"hello", "big.bin": BIG}


async def test_never_more_than_four_requests_at_once(box: MailboxDesk) -> None:
    for number in range(6):
        box.vendor.deliver(letter(f"Mail {number}").attach("c.txt", b"c").attach("d.txt", b"d"))
    await asyncio.gather(box.work(), box.work(), box.work())
    await box.work_until_settled()
    assert len(await box.desk.all(LEDGER)) == 24
    assert box.vendor.peak() <= 4


async def test_one_mailboxs_throttling_slows_no_other(context: Context, tenant: Tenant, vendor: Vendor) -> None:
    slow = await connected(Desk(context, tenant), vendor, "slow@shop.example")
    quick = await connected(Desk(context, tenant), vendor, ADDRESS)
    vendor.fault("slow@shop.example", 1, "throttled", retry_after=600)
    vendor.deliver(letter("Slow"), "slow@shop.example")
    vendor.deliver(letter("Quick"))
    await slow.work()
    assert [ticket["subject"] for ticket in await quick.desk.all(TICKETS)] == ["Quick"]
    assert (await slow.provider())["quiet_until"] > datetime.now(UTC) + timedelta(seconds=500)


async def test_too_large_a_file_is_skipped_and_its_siblings_are_stored(box: MailboxDesk) -> None:
    big = bytes(box.desk.context.policy.max_attachment_bytes + 1)
    box.vendor.deliver(mail("Large").attach("large.bin", big).attach("a.txt", b"hello"))
    await box.work()
    ledger = await box.desk.ledger()
    assert (ledger["large.bin"]["status"], ledger["large.bin"]["reason"]) == ("skipped", "too_large")
    assert await box.desk.documents() == {"a.txt": b"hello"}


async def test_a_nudge_while_the_vendor_is_being_asked_is_not_lost(box: MailboxDesk) -> None:
    await ask_now(box.desk.context, box.desk.tenant.tenant, box.provider_id)
    async with box.desk.context.database.tenant(box.desk.tenant.tenant) as session:
        asked = await email_providers.get(session, box.provider_id)
    assert asked
    await ask_now(box.desk.context, box.desk.tenant.tenant, box.provider_id)
    async with box.desk.context.database.tenant(box.desk.tenant.tenant) as session:
        await email_providers.polled(session, box.provider_id, asked.poll_at, 600)
    assert (await box.provider())["poll_at"] <= datetime.now(UTC)


async def test_a_lost_object_comes_back_from_the_mailbox_and_stays_stored_for_all(box: MailboxDesk) -> None:
    await box.desk.ingest(mail("By hand").attach("a.txt", b"hello"))
    box.vendor.deliver(letter())
    await box.work()
    await box.desk.all("UPDATE email_processed_messages SET raw_sha256 = NULL WHERE tenant = %(tenant)s")
    row = (await box.desk.ledger())["a.txt"]
    await box.desk.context.store.delete(object_key(box.desk.tenant.tenant, row["sha256"]))
    await box.desk.fsck(repair=True)
    await box.work()
    assert {one["status"] for one in await box.desk.all(LEDGER)} == {"stored"}
    assert (await box.desk.fsck()).clean


async def test_nothing_is_made_due_at_a_removed_mailbox(box: MailboxDesk) -> None:
    context, tenant = box.desk.context, box.desk.tenant.tenant
    box.vendor.deliver(letter())
    await box.work()
    box.vendor.fault(box.vendor.files_path, 1000, "denied")
    box.vendor.deliver(letter("Scanner").attach("c.txt", b"c"))
    await box.work()
    async with context.database.tenant(tenant) as session:
        provider = await email_providers.get(session, box.provider_id)
    assert provider
    await disconnect(context, tenant, provider)
    assert await retry_all_failed(context, tenant) == []
    for row in await box.desk.all(LEDGER):
        await retry(context, tenant, AttachmentAddress(box.provider_id, row["email_id"], row["attachment_id"]))
    lost, *_ = [row for row in await box.desk.all(LEDGER) if row["file_name"] == "a.txt" and row["status"] == "stored"]
    await context.store.delete(object_key(tenant, lost["sha256"]))
    await box.desk.fsck(repair=True)
    assert {one["status"] for one in await box.desk.all(LEDGER)} == {"stored", "dead"}


async def test_a_vendor_that_drops_close_pushes_is_asked_once_more_soon(box: MailboxDesk) -> None:
    context, tenant = box.desk.context, box.desk.tenant.tenant
    await box.work()
    mailbox = await mailbox_of(context, tenant, box.provider_id, box.vendor.kind)
    assert mailbox
    await receive_nudge(context, mailbox)
    await Worker(context).drain(asyncio.Event())
    soon = (await box.provider())["poll_at"] < datetime.now(UTC) + timedelta(seconds=10)
    assert soon == (context.remote(box.vendor.kind).echo_seconds is not None)


async def test_new_credentials_open_a_mailbox_within_seconds(box: MailboxDesk) -> None:
    context, tenant = box.desk.context, box.desk.tenant.tenant
    right = box.vendor.new_mailbox(ADDRESS, None)
    await renew_secret(context, tenant, box.provider_id, right.kind, box.vendor.wrong_secret())
    box.vendor.deliver(letter())
    await box.work()
    assert (await box.provider())["self_paused"]
    await renew_secret(context, tenant, box.provider_id, right.kind, right.secret)
    await box.work_until_settled()
    assert (await box.provider())["status"] == "active"
    assert set(await box.desk.documents()) == {"a.txt", "big.bin"}


async def test_a_mailbox_that_is_to_be_asked_is_due(box: MailboxDesk) -> None:
    context, tenant = box.desk.context, box.desk.tenant.tenant
    on = Hint(tenant, box.provider_id, "mail")
    assert await is_due(context, on)
    await box.work()
    assert not await is_due(context, on)
    await ask_now(context, tenant, box.provider_id)
    assert await is_due(context, on)
