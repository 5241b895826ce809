"""An attachment's bytes come whole or not at all, whatever the way."""

import asyncio
import random

import pytest

from maildock.domain.errors import NotThere, Refused, Unauthorized, Unavailable
from tests.mail import mail
from tests.providers.microsoft.conftest import Desk
from tests.servers.microsoft.faults import FaultKind
from tests.servers.microsoft.parts import GraphPart, file_part, item_part

DATA = random.Random(1).randbytes(1 << 20)
VALUE = "/attachments/"


async def test_bytes_are_streamed_as_they_are(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA).attach("empty.txt", b""))
    assert await desk.files(sent) == {"a.bin": DATA, "empty.txt": b""}


async def test_a_mail_that_has_moved_still_has_its_attachment(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    part = await desk.part(sent)
    desk.inbox.move(sent, "archive")
    assert await desk.read(sent, part) == DATA


@pytest.mark.parametrize("kind", ["cut", "reset", "unavailable"])
async def test_an_answer_that_breaks_off_is_an_outage(desk: Desk, kind: FaultKind) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    part = await desk.part(sent)
    desk.graph.fault("$value", times=2, kind=kind, after=100_000)
    with pytest.raises(Unavailable):
        await desk.read(sent, part)
    desk.graph.faults.clear()
    assert await desk.read(sent, part) == DATA


async def test_a_stalled_answer_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maildock.providers.http.SILENT_SECONDS", 0.2)
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    part = await desk.part(sent)
    desk.graph.fault("$value", kind="stall", after=100_000)
    with pytest.raises(Unavailable, match="in time"):
        await desk.read(sent, part)


async def test_an_abandoned_stream_ends_its_request(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    reference = desk.reference(sent, await desk.part(sent))
    desk.graph.fault("$value", kind="slow", seconds=0.05)
    source = desk.provider.open(reference)
    assert await anext(source)
    await source.aclose()  # type: ignore[attr-defined]
    async with asyncio.timeout(5):
        while desk.graph.traffic(desk.mailbox.address).now:
            await asyncio.sleep(0.01)


async def test_a_file_that_times_out_comes_out_of_json(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    desk.graph.fault("/$value", times=2, kind="silence")
    assert await desk.files(sent) == {"a.bin": DATA}
    assert desk.asked("contentBytes") == 1


async def test_one_time_out_is_tried_again_first(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    desk.graph.fault("/$value", times=1, kind="silence")
    assert await desk.files(sent) == {"a.bin": DATA}
    assert desk.asked("contentBytes") == 0


async def test_a_web_page_is_no_attachment(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.pdf", DATA))
    desk.graph.fault("/$value", times=2, kind="garbage")
    assert await desk.files(sent) == {"a.pdf": DATA}


@pytest.mark.parametrize(("kind", "after"), [("short", 0), ("short", 1000), ("garbage", 0)])
async def test_an_answer_that_is_not_the_file_is_not_stored_in_its_place(
    desk: Desk, kind: FaultKind, after: int
) -> None:
    sent = desk.inbox.deliver(mail().attach("a.html", DATA, "text/html"))
    part = await desk.part(sent)
    desk.graph.fault("/$value", kind=kind, after=after)
    with pytest.raises(Unavailable, match="different lengths"):
        await desk.read(sent, part)
    assert await desk.read(sent, part) == DATA


async def test_a_size_that_lies_is_asked_about_and_not_believed(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail(), parts=[file_part("a.bin", DATA, declared_size=3)])
    assert await desk.files(sent) == {"a.bin": DATA}
    assert desk.asked("contentBytes") == 1


async def test_json_that_breaks_off_is_an_outage(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    part = await desk.part(sent)
    desk.graph.fault("/$value", times=2, kind="silence")
    desk.graph.fault("contentBytes", times=2, kind="cut", after=200_000)
    with pytest.raises(Unavailable):
        await desk.read(sent, part)


async def test_what_times_out_in_json_too_is_taken_from_the_raw_mail(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA).attach("b.bin", b"other"))
    parts = (await desk.fetch(sent)).parts
    desk.graph.fault("/attachments", times=6, kind="silence")
    assert [await desk.read(sent, part) for part in parts] == [DATA, b"other"]


async def test_an_attached_mail_that_times_out_is_taken_from_the_raw_mail(desk: Desk) -> None:
    inner = mail("Inner", text="Hello.")
    sent = desk.inbox.deliver(mail().attach_mail(inner))
    part = await desk.part(sent)
    desk.graph.fault("/attachments", times=2, kind="silence")
    assert await desk.read(sent, part) == inner.raw()


@pytest.mark.parametrize("size", [100, 99_999])
async def test_nothing_is_taken_from_the_raw_mail_that_may_be_another(desk: Desk, size: int) -> None:
    written = mail().attach("a.bin", b"x" * 3000)
    sent = desk.inbox.deliver(written, parts=[file_part("a.bin", b"y" * 3000, declared_size=size)])
    twins = desk.inbox.deliver(written.attach("a.bin", b"z" * 3000))
    parts = [(sent, await desk.part(sent)), (twins, (await desk.fetch(twins)).parts[0])]
    for message, part in parts:
        desk.graph.fault("/attachments", times=3, kind="silence")
        with pytest.raises(Unavailable, match="504"):
            await desk.read(message, part)


async def test_declared_sizes_are_passed_on_and_not_believed(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail(), parts=[file_part("a.bin", b"816", declared_size=1053)])
    part = await desk.part(sent)
    assert (part.size, await desk.read(sent, part)) == (1053, b"816")


async def test_an_attachment_that_is_gone_is_not_there(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    part = await desk.part(sent)
    desk.inbox.delete(sent)
    with pytest.raises(NotThere):
        await desk.read(sent, part)


async def test_a_refusal_is_told_from_an_outage(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail().attach("a.bin", DATA))
    part = await desk.part(sent)
    desk.graph.fault("$value", kind="denied")
    with pytest.raises(Unauthorized) as caught:
        await desk.read(sent, part)
    assert "Mail.Read" in str(caught.value.remedy)
    sent.parts = (GraphPart("reference", "a.bin"),)
    with pytest.raises(Refused, match="405"):
        await desk.read(sent, part)


async def test_an_item_is_read_by_its_value(desk: Desk) -> None:
    sent = desk.inbox.deliver(mail(), parts=[item_part("Lunch", b"BEGIN:VCALENDAR", "event")])
    assert await desk.files(sent) == {"Lunch.ics": b"BEGIN:VCALENDAR"}


async def test_one_request_at_a_time(desk: Desk) -> None:
    parts = [file_part("a.pdf", DATA, "application/pdf"), item_part("Lunch", b"e", "event")]
    sent = desk.inbox.deliver(mail().attach("a.pdf", DATA), parts=parts)
    desk.graph.fault("/$value", times=2, kind="garbage")
    await desk.files(sent)
    assert desk.graph.traffic(desk.mailbox.address).peak == 1
