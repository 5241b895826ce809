"""A worker that is told to stop finishes what it can, hands back the rest, and is gone within ten seconds."""

import time
from asyncio import Event, create_task, sleep
from collections.abc import AsyncIterator
from dataclasses import replace

from maildock.domain.message import InboundMessage
from maildock.flow.recover import open_claims
from maildock.providers.base import AttachmentRef, EmailRef, Provider
from maildock.worker.worker import Worker
from tests.desk import Desk
from tests.mail import mail


class Slow:
    """The real provider, but attachment `2` takes its time between two pieces."""

    def __init__(self, inner: Provider, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds
        self.begun = Event()

    async def fetch(self, email: EmailRef) -> InboundMessage:
        return await self._inner.fetch(email)

    async def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        async for chunk in self._inner.open(attachment):
            yield chunk
            if attachment.attachment_id == "2":
                self.begun.set()
                await sleep(self._seconds)


async def stopped_while_reading(desk: Desk, seconds: float) -> float:
    """Stop a worker in the middle of an attachment; gives how long that took."""
    slow = Slow(desk.context.providers["file"], seconds)
    await desk.receive(mail("Slow").attach("slow.bin", b"slow").attach("quick.txt", b"quick"))
    stop = Event()
    running = create_task(Worker(replace(desk.context, providers={"file": slow})).run(stop))
    await slow.begun.wait()
    told = time.monotonic()
    stop.set()
    await running
    return time.monotonic() - told


async def test_what_is_nearly_done_is_finished(desk: Desk) -> None:
    assert await stopped_while_reading(desk, 1) < 5
    assert set(await desk.documents()) >= {"slow.bin"}
    assert not await open_claims(desk.context)


async def test_what_takes_too_long_is_handed_back_as_if_never_begun(desk: Desk) -> None:
    assert await stopped_while_reading(desk, 60) < 10
    row = (await desk.ledger())["slow.bin"]
    assert (row["status"], row["claims"], row["attempts"]) == ("pending", 0, 0)
    assert not await open_claims(desk.context)
    await Worker(desk.context).drain(Event())
    assert await desk.documents() == {"slow.bin": b"slow", "quick.txt": b"quick"}
    assert (await desk.fsck()).clean


async def test_another_worker_takes_over_what_a_sleeping_one_left(desk: Desk) -> None:
    await desk.receive(mail("Left").attach("a.txt", b"a"))
    await desk.all(
        "UPDATE email_processed_messages SET claim_token = gen_random_uuid(), claims = 1,"
        " claimed_until = now() + interval '1 second' WHERE tenant = %(tenant)s"
    )
    await Worker(desk.context).drain(Event())
    assert await desk.documents() == {"a.txt": b"a"}


async def test_a_mailbox_gives_its_place_to_others_and_comes_back(desk: Desk, neighbour: Desk) -> None:
    one_place = replace(desk.context, concurrency=1)
    for number in range(5):
        await desk.receive(mail(f"Ours {number}").attach("a.txt", b"a"))
        await neighbour.receive(mail(f"Theirs {number}").attach("a.txt", b"a"))
    await Worker(one_place).drain(Event())
    for one in (desk, neighbour):
        assert {row["status"] for row in (await one.ledger()).values()} == {"stored"}
