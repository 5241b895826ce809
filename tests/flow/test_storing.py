from asyncio import Event
from dataclasses import replace
from uuid import UUID

import pytest

from maildock.domain.eligibility import Policy
from maildock.domain.errors import StorageFailure, UsageError
from maildock.domain.ids import file_provider_id
from maildock.flow.check import check
from maildock.flow.recover import tidy
from maildock.flow.retry import AttachmentAddress, retry, retry_all_failed
from maildock.storage.keys import object_key
from maildock.worker.worker import Worker
from tests.desk import DOCUMENTS, EMAILS, LEDGER, TICKETS, Desk
from tests.mail import mail
from tests.tnef import winmail

SHOWN = '<p>Hello <img src="cid:logo@x"></p>'


def with_limit(desk: Desk, limit: int) -> Desk:
    return Desk(replace(desk.context, policy=Policy(limit)), desk.tenant)


async def work(desk: Desk) -> None:

    await Worker(desk.context).drain(Event())


async def test_exactly_the_limit_is_stored_and_one_byte_more_is_too_large(desk: Desk) -> None:
    limited = with_limit(desk, 1000)
    await limited.ingest(
        mail("Big").attach("fits.bin", b"x" * 1000).attach("more.bin", b"x" * 1001).attach("a.txt", b"a")
    )
    ledger = await desk.ledger()
    assert {name: (row["status"], row["reason"]) for name, row in ledger.items()} == {
        "fits.bin": ("stored", None),
        "more.bin": ("skipped", "too_large"),
        "a.txt": ("stored", None),
    }
    assert set(await desk.documents()) == {"fits.bin", "a.txt"}
    assert (await desk.fsck()).clean


async def test_one_content_is_one_object_and_as_many_files_as_were_sent(desk: Desk) -> None:
    await desk.ingest(*(mail(f"Mail {number}").attach(f"{number}.png", b"the same logo") for number in range(5)))
    rows = await desk.all(DOCUMENTS)
    assert len({row["storage_key"] for row in rows}) == 1
    assert len({row["document_id"] for row in rows}) == 5


async def test_two_parts_of_one_name_and_content_are_two_documents(desk: Desk) -> None:
    await desk.ingest(mail("Twice").attach("a.txt", b"same").attach("a.txt", b"same"))
    assert [row["name"] for row in await desk.all(DOCUMENTS)] == ["a.txt", "a.txt"]


async def test_what_the_html_shows_is_skipped_and_kept_on_wish(desk: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Logo").html(SHOWN).inline("logo.png", b"png", cid="logo@x"))
    row = (await desk.ledger())["logo.png"]
    assert (row["status"], row["reason"]) == ("skipped", "inline")
    address = AttachmentAddress(receipt.provider_id, receipt.email_id, row["attachment_id"])
    assert await retry(desk.context, desk.tenant.tenant, address, keep_inline=True) == "skipped"
    await work(desk)
    assert await desk.documents() == {"logo.png": b"png"}


async def test_retrying_an_inline_part_without_the_wish_to_keep_it_skips_it_again(desk: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Logo").html(SHOWN).inline("logo.png", b"png", cid="logo@x"))
    row = (await desk.ledger())["logo.png"]
    await retry(
        desk.context, desk.tenant.tenant, AttachmentAddress(receipt.provider_id, receipt.email_id, row["attachment_id"])
    )
    await work(desk)
    assert (await desk.ledger())["logo.png"]["reason"] == "inline"


async def test_a_wish_to_keep_counts_while_the_part_is_under_way(desk: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Logo").html(SHOWN).inline("logo.png", b"png", cid="logo@x"))
    row = (await desk.ledger())["logo.png"]
    address = AttachmentAddress(receipt.provider_id, receipt.email_id, row["attachment_id"])
    await retry(desk.context, desk.tenant.tenant, address)
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'processing', claim_token = gen_random_uuid(),"
        " claimed_until = now() + interval '1 hour' WHERE tenant = %(tenant)s"
    )
    await retry(desk.context, desk.tenant.tenant, address, keep_inline=True)
    await work(desk)
    assert await desk.documents() == {"logo.png": b"png"}


async def test_inline_parts_are_kept_where_the_policy_says_so(desk: Desk) -> None:
    keeping = Desk(replace(desk.context, policy=Policy(1000, keep_inline=True)), desk.tenant)
    await keeping.ingest(mail("Logo").html(SHOWN).inline("logo.png", b"png", cid="logo@x"))
    assert await desk.documents() == {"logo.png": b"png"}


async def test_an_iphone_photo_marked_inline_is_a_file(desk: Desk) -> None:
    photo = mail("Photo").attach("IMG_1.HEIC", b"heic", "image/heic", disposition="inline", cid="somewhere")
    await desk.ingest(photo)
    assert await desk.documents() == {"IMG_1.HEIC": b"heic"}


async def test_a_container_is_unpacked_into_its_files(desk: Desk) -> None:
    packed = winmail({"one.txt": b"first", "two.pdf": b"second"})
    await desk.ingest(mail("Outlook").attach("winmail.dat", packed, "application/ms-tnef"))
    ledger = await desk.ledger()
    assert (ledger["winmail.dat"]["status"], ledger["winmail.dat"]["reason"]) == ("skipped", "container")
    assert [ledger[name]["attachment_id"] for name in ("one.txt", "two.pdf")] == ["2/1", "2/2"]
    assert await desk.documents() == {"one.txt": b"first", "two.pdf": b"second"}


async def test_a_damaged_container_is_a_file_beside_those_that_it_still_has(desk: Desk) -> None:
    cut = winmail({"one.txt": b"first", "two.pdf": b"second"})[:-5]
    await desk.ingest(mail("Outlook").attach("winmail.dat", cut, "application/ms-tnef"))
    assert await desk.documents() == {"winmail.dat": cut, "one.txt": b"first"}
    assert (await desk.fsck()).clean


async def test_what_only_claims_to_be_a_container_is_a_file(desk: Desk) -> None:
    await desk.ingest(mail("Outlook").attach("winmail.dat", b"not TNEF at all", "application/ms-tnef"))
    assert await desk.documents() == {"winmail.dat": b"not TNEF at all"}


async def test_an_attached_mail_is_one_file_with_its_exact_bytes(desk: Desk) -> None:
    inner = mail("Vendor's answer").attach("inside.txt", b"inside")
    await desk.ingest(mail("Forwarded").attach_mail(inner))
    assert await desk.documents() == {"Vendor's answer.eml": inner.raw()}


async def test_a_raw_message_goes_once_everything_in_it_is_stored(desk: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    await desk.all("UPDATE objects SET touched_at = now() - interval '2 hours' WHERE tenant = %(tenant)s")
    await tidy(desk.context)
    kept = [row["sha256"] for row in await desk.all("SELECT sha256 FROM objects WHERE tenant = %(tenant)s")]
    assert receipt.email_id not in kept
    assert await desk.documents() == {"a.txt": b"hello"}
    assert (await desk.fsck()).clean


async def test_a_raw_message_stays_while_a_skipped_part_may_be_wanted(desk: Desk) -> None:
    await desk.ingest(mail("Logo").html(SHOWN).inline("logo.png", b"png", cid="logo@x"))
    await desk.all("UPDATE objects SET touched_at = now() - interval '2 hours' WHERE tenant = %(tenant)s")
    await tidy(desk.context)
    assert len(await desk.all("SELECT sha256 FROM objects WHERE tenant = %(tenant)s")) == 1


async def test_a_raw_message_that_the_store_lost_is_waited_for(desk: Desk) -> None:
    raw = mail("Printer").attach("a.txt", b"hello")
    receipt = await desk.receive(raw)
    await desk.context.store.delete(f"{desk.tenant.tenant}/{receipt.email_id[:2]}/{receipt.email_id}")
    await work(desk)
    (email,) = await desk.all(EMAILS)
    assert (email["status"], email["attempts"]) == ("failed", 0)
    assert "not in the file store" in email["error_message"]
    assert (await desk.ingest(raw))[0].new
    assert await desk.documents() == {"a.txt": b"hello"}


async def test_a_mail_that_is_gone_makes_no_ticket_and_can_be_sent_again(desk: Desk) -> None:
    raw = mail("Printer").attach("a.txt", b"hello")
    await desk.receive(raw)
    await desk.all("UPDATE email_processed_messages SET raw_sha256 = NULL WHERE tenant = %(tenant)s")
    await work(desk)
    assert [email["status"] for email in await desk.all(EMAILS)] == ["gone"]
    assert await desk.all(TICKETS) == []
    await desk.ingest(raw)
    assert await desk.documents() == {"a.txt": b"hello"}


async def test_an_empty_store_is_not_repaired_but_named(desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    for row in await desk.all(DOCUMENTS):
        await desk.context.store.delete(row["storage_key"])
    async for found in desk.context.store.list():
        await desk.context.store.delete(found.key)
    with pytest.raises(StorageFailure, match="is its disk mounted"):
        [_ async for _ in check(desk.context, repair=True)]
    assert [row["status"] for row in await desk.all(LEDGER)] == ["stored"]


async def test_retry_all_failed_revives_the_dead(desk: Desk) -> None:
    await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    await desk.all(
        "UPDATE email_processed_attachments SET status = 'dead', reason = 'corrupt', file_id = NULL,"
        " document_id = NULL WHERE tenant = %(tenant)s"
    )
    due = await retry_all_failed(desk.context, desk.tenant.tenant)
    assert [address.attachment_id for address in due] == ["2"]
    await work(desk)
    assert [row["status"] for row in await desk.all(LEDGER)] == ["stored"]
    assert len(await desk.documents()) == 1


async def test_retry_all_failed_revives_mails_that_were_never_filed(desk: Desk) -> None:
    await desk.receive(mail("Printer").attach("a.txt", b"hello"))
    await desk.all("UPDATE email_processed_messages SET status = 'dead', attempts = 8 WHERE tenant = %(tenant)s")
    await retry_all_failed(desk.context, desk.tenant.tenant)
    await work(desk)
    assert await desk.documents() == {"a.txt": b"hello"}


async def test_retrying_what_another_tenant_has_finds_nothing(desk: Desk, neighbour: Desk) -> None:
    (receipt,) = await desk.ingest(mail("Printer").attach("a.txt", b"hello"))
    address = AttachmentAddress(receipt.provider_id, receipt.email_id, "2")
    assert await retry(desk.context, neighbour.tenant.tenant, address) is None


def test_an_address_is_cut_at_the_first_and_the_last_colon() -> None:
    provider = file_provider_id(UUID(int=1))
    assert AttachmentAddress.parse(f"{provider}:in:box;1;2:1.2") == AttachmentAddress(provider, "in:box;1;2", "1.2")
    with pytest.raises(UsageError, match="provider_id:email_id:attachment_id"):
        AttachmentAddress.parse("nothing")


async def test_a_mail_of_a_thousand_parts_and_more_says_how_many_it_left_out(desk: Desk) -> None:
    many = mail("Many")
    for number in range(1100):
        many = many.attach(f"{number}.txt", b"x")
    await desk.ingest(many)
    ledger = await desk.ledger()
    assert len(ledger) == 1001
    limit = next(row for row in ledger.values() if row["attachment_id"] == "limit")
    assert (limit["status"], limit["reason"], limit["error_message"]) == ("skipped", "limit", "100 more parts")


async def test_a_raw_mail_sent_again_brings_back_what_was_gone(desk: Desk) -> None:
    raw = mail("Printer").attach("a.txt", b"hello").attach("b.txt", b"kept")
    receipt = (await desk.ingest(raw))[0]
    await desk.all("UPDATE email_processed_messages SET raw_sha256 = NULL WHERE tenant = %(tenant)s")
    await desk.all("UPDATE objects SET touched_at = now() - interval '2 hours' WHERE tenant = %(tenant)s")
    await tidy(desk.context)
    row = (await desk.ledger())["a.txt"]
    await desk.context.store.delete(object_key(desk.tenant.tenant, row["sha256"]))
    await desk.fsck(repair=True)
    await work(desk)
    assert (await desk.ledger())["a.txt"]["reason"] == "gone"
    again = (await desk.ingest(raw))[0]
    assert (again.email_id, again.new) == (receipt.email_id, False)
    assert await desk.documents() == {"a.txt": b"hello", "b.txt": b"kept"}
    assert (await desk.ledger())["a.txt"]["status"] == "stored"
