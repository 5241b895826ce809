"""Dying at any place while a vendor's mailbox is worked off loses nothing and doubles nothing."""

import shutil
from asyncio import Event
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maildock.worker.lane import CLAIM_PAUSE
from maildock.worker.worker import Worker
from tests.crash.points import DIED
from tests.crash.victims import Victims, assert_at_rest, house, order
from tests.desk import EMAILS, LEDGER, TICKETS, Desk
from tests.mail import mail
from tests.providers.vendors import MailboxDesk, Vendor, connected

# What happens to files is the same for every mail, and the sweep over raw mail dies there.
OF_VENDORS = ("answer", "commit", "look")
# Into how many pieces the network cuts the larger file is chance; its first piece comes in every life.
CHANCES = frozenset(f"answer: piece #{number}" for number in range(3, 100))
SHARES = 2
ATTEMPTS = 3
# On a busy machine a life may look for work once more than others do; what only one passes is no place to die at.
LIVES = 3
# As in the sweep over raw mail: read slowly, and one at a time, each life passes the same places.
PAUSE = 1.5 * CLAIM_PAUSE
WANTED = {"a.txt": b"hello", "b.bin": bytes(range(256)) * 300}


@pytest.fixture
def victims() -> Iterator[Victims]:
    with Victims() as running:
        yield running


@pytest.mark.parametrize("share", range(SHARES))
async def test_dying_at_every_place_stores_every_file_exactly_once(
    environment: dict[str, str], victims: Victims, vendor: Vendor, tmp_path: Path, share: int
) -> None:
    first = mail("Printer", message_id="<first@crash.example>").attach("a.txt", WANTED["a.txt"])
    vendor.new_mailbox("desk@shop.example", None)
    vendor.lift_limits()
    vendor.deliver(first)
    vendor.deliver(mail(message_id="<second@crash.example>").reply_to(first).attach("b.bin", WANTED["b.bin"]))
    passed = await _passed_by_all(environment, victims, vendor, tmp_path)
    assert {"answer: changes", "answer: watch", "answer: mail", "answer: piece"} <= {
        place.partition(" #")[0] for place in passed
    }
    places = [place for place in passed if place.startswith(OF_VENDORS) and place not in CHANCES]
    for place in places[share::SHARES]:
        assert await _dies_and_recovers(environment, victims, vendor, tmp_path, place), f"{place} was never reached"


async def _passed_by_all(environment: dict[str, str], victims: Victims, vendor: Vendor, tmp_path: Path) -> list[str]:
    """Give the places that each of some whole lives passes, in their order."""
    passed = list[str]()
    for life in range(LIVES):
        async with house(environment, tmp_path / f"whole {life}") as desk:
            box = await _connected(desk, vendor)
            alive = await victims.run(_order(environment, box), pause=PAUSE)
            await _assert_whole(box, tmp_path / f"whole {life}")
        assert alive["ended"] == 0
        passed = [place for place in passed if place in alive["passed"]] if life else alive["passed"]
    return passed


async def _connected(desk: Desk, vendor: Vendor) -> MailboxDesk:
    return await connected(desk, vendor, since=datetime.now(UTC) - timedelta(days=1))


def _order(environment: dict[str, str], box: MailboxDesk) -> dict[str, object]:
    return {**order(environment, box.desk, []), "mailbox": str(box.provider_id)}


async def _dies_and_recovers(
    environment: dict[str, str], victims: Victims, vendor: Vendor, tmp_path: Path, place: str
) -> bool:
    for attempt in range(ATTEMPTS):
        data_dir = tmp_path / f"{place} {attempt}"
        async with house(environment, data_dir) as desk:
            box = await _connected(desk, vendor)
            end = (await victims.run(_order(environment, box), die_at=place, pause=PAUSE))["ended"]
            assert end in {0, DIED}
            await desk.let_claims_lapse()
            await desk.context.spool.sweep()
            await box.work()
            await Worker(desk.context).drain(Event())
            await _assert_whole(box, data_dir)
        shutil.rmtree(data_dir)
        if end == DIED:
            return True
    return False


async def _assert_whole(box: MailboxDesk, data_dir: Path) -> None:
    desk = box.desk
    assert [ticket["number"] for ticket in await desk.all(TICKETS)] == [1]
    assert await desk.documents() == WANTED
    assert [email["status"] for email in await desk.all(EMAILS)] == ["filed", "filed"]
    assert {row["status"] for row in await desk.all(LEDGER)} == {"stored"}
    await assert_at_rest(desk, data_dir)
