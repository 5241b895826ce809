"""The bytes of Gmail's attachments are found by stable ids, whichever way they come."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from maildock.domain.errors import Corrupt, Gone, Refused, Throttled, Unauthorized, Unavailable
from tests.mail import mail
from tests.providers.gmail.conftest import Desk
from tests.servers.google.faults import FaultKind

BIG = bytes(range(256)) * 2000


async def test_ten_reads_give_ten_handles_and_one_part_id(desk: Desk) -> None:
    desk.gmail.style.small_in_data = False
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    ids = {(await desk.fetch(message)).parts[0].attachment_id for _ in range(10)}
    assert (ids, desk.inbox.tokens.issued) == ({"1"}, 10)
    assert await desk.read(message, "1") == BIG


async def test_a_remembered_handle_saves_reading_the_message_again(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG).attach("b.bin", BIG[1:]))
    assert await desk.files(message) == {"1": BIG, "2": BIG[1:]}
    assert desk.asked("format=full") == 1


async def test_a_handle_that_is_too_old_is_read_anew(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    await desk.fetch(message)
    desk.inbox.tokens.expire()
    assert await desk.read(message, "1") == BIG
    assert (desk.inbox.tokens.refused, desk.asked("format=full")) == (1, 2)


async def test_without_any_memory_the_message_is_read_first(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    assert await desk.read(message, "1") == BIG


async def test_handles_that_are_always_refused_are_an_attempt(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    desk.gmail.fault("/attachments/", times=9, kind="bad_token")
    with pytest.raises(Refused, match="every handle"):
        await desk.read(message, "1")


async def test_padding_escapes_order_and_way_of_delivery_do_not_matter(desk: Desk) -> None:
    sent = mail("Hello").attach("a.txt", b"small").attach("b.txt", b"smaller!").attach("c.bin", BIG)
    message = desk.inbox.deliver(sent.attach("empty.txt", b""))
    for _ in range(12):
        assert await desk.files(message) == {"1": b"small", "2": b"smaller!", "3": BIG, "4": b""}


async def test_another_size_than_declared_is_stored_and_logged(desk: Desk) -> None:
    desk.gmail.style.size_error = -100
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    with capture_logs() as logs:
        assert await desk.read(message, "1") == BIG
    assert [(entry["declared"], entry["length"]) for entry in logs] == [(len(BIG) - 100, len(BIG))]
    assert "a.bin" not in json.dumps(logs)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        *(("cut", Unavailable), ("reset", Unavailable), ("short", Corrupt), ("garbage", Unavailable)),
        *(("redirect", Unavailable), ("throttled", Throttled), ("error", Unavailable), ("denied", Unauthorized)),
    ],
)
async def test_a_broken_answer_never_looks_whole(desk: Desk, kind: FaultKind, error: type[Exception]) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    # Whoever sends a request a second time by itself meets the same.
    desk.gmail.fault("/attachments/", times=2, kind=kind, after=1000)
    with pytest.raises(error):
        await desk.read(message, "1")
    desk.gmail.faults.clear()
    assert await desk.read(message, "1") == BIG


async def test_a_mail_that_was_deleted_is_gone(desk: Desk) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG))
    await desk.fetch(message)
    desk.inbox.delete(message)
    for attachment_id in ("1", "7"):
        with pytest.raises(Gone):
            await desk.read(message, attachment_id)


async def test_a_part_that_never_was_is_gone(desk: Desk) -> None:
    with pytest.raises(Gone):
        await desk.read(desk.inbox.deliver(mail("Hello")), "7")


@pytest.mark.parametrize("attached_mails", ["both", "parts", "id"])
async def test_an_attached_mail_is_one_file_byte_for_byte(desk: Desk, attached_mails: str) -> None:
    desk.gmail.style.attached_mails = attached_mails  # type: ignore[assignment]
    inner = mail("Broken/Printer").html("<p>x").attach("x.txt", b"x").attach_mail(mail("Innermost"))
    message = desk.inbox.deliver(mail("Outer").attach("a.txt", b"a").attach_mail(inner))
    parts = (await desk.fetch(message)).parts
    assert [(part.attachment_id, part.file_name) for part in parts] == [("1", "a.txt"), ("2", "Broken-Printer.eml")]
    assert await desk.read(message, "2") == inner.raw()


async def test_attached_mails_are_told_apart(desk: Desk) -> None:
    inner = [mail(f"Mail {number}") for number in range(5)]
    sent = mail("Outer").text("see")
    for one in inner:
        sent = sent.attach("a.bin", BIG).attach_mail(one)
    message = desk.inbox.deliver(sent)
    for number, one in enumerate(inner):
        assert await desk.read(message, str(2 * number + 2)) == one.raw()


async def test_the_message_itself_is_original(desk: Desk) -> None:
    sent = mail("Hello").attach("a.bin", BIG)
    assert await desk.read(desk.inbox.deliver(sent), "original") == sent.raw()


async def test_nothing_is_left_in_the_spool(desk: Desk, tmp_path: object) -> None:
    message = desk.inbox.deliver(mail("Outer").attach_mail(mail("Inner")))
    desk.gmail.fault("format=raw", kind="cut", after=200)
    with pytest.raises(Unavailable):
        await desk.read(message, "1")
    await desk.read(message, "1")
    await asyncio.sleep(0)
    assert list(tmp_path.glob("data/files/spool/*")) == []  # type: ignore[attr-defined]


async def test_files_inside_a_text_are_cut_out(desk: Desk) -> None:
    block = "begin 644 cat.txt\n#0V%T\n`\nend\n"
    message = desk.inbox.deliver(mail("Hello").text(f"Grüße\n{block}between\n{block}").attach("a.txt", b"a"))
    found = await desk.fetch(message)
    assert [(part.attachment_id, part.file_name) for part in found.parts] == [
        *(("0/1", "cat.txt"), ("0/2", "cat.txt")),
        ("1", "a.txt"),
    ]
    assert found.body_text == "Grüße\nbetween\n"
    assert await desk.files(message) == {"0/1": b"Cat", "0/2": b"Cat", "1": b"a"}


async def test_of_very_many_attached_mails_each_is_asked_for_by_itself(desk: Desk) -> None:
    inner = [mail(f"Mail {number}") for number in range(25)]
    sent = mail("Digest")
    for one in inner:
        sent = sent.attach_mail(one)
    files = await desk.files(desk.inbox.deliver(sent))
    assert list(files.values()) == [one.raw() for one in inner]
    assert (desk.asked("format=raw"), desk.asked("format=full")) == (0, 1)


async def test_many_files_in_one_answer_are_read_from_few(desk: Desk) -> None:
    desk.gmail.style.small_in_data, desk.gmail.style.small_bytes = True, 1 << 20
    sent = mail("Many")
    for number in range(12):
        sent = sent.attach(f"{number}.bin", bytes([number]) * 300_000)
    files = await desk.files(desk.inbox.deliver(sent))
    assert [data[:1] for data in files.values()] == [bytes([number]) for number in range(12)]
    assert desk.asked("format=full") <= 4


async def test_a_part_is_found_where_its_mail_is_not_described_any_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = desk.inbox.deliver(mail("Hello").attach("a.bin", BIG).attach("b.bin", BIG[1:]))
    monkeypatch.setattr("maildock.providers.gmail.descriptions.LARGEST", 1000)
    assert await desk.read(message, "2") == BIG[1:]
    with pytest.raises(Corrupt):
        await desk.read(message, "3")
    assert await desk.files(message) == {"1": BIG, "2": BIG[1:]}
