"""Dying at any place whatsoever loses nothing and doubles nothing."""

import shutil
from pathlib import Path

import pytest

from maildock.worker.lane import CLAIM_PAUSE
from tests.crash.points import DIED
from tests.crash.victims import Victims, assert_whole, house, order, survive

# The tests can run side by side.
SHARES = 4
# How many files a worker claims and commits together depends on how fast they are read. Read slowly, each comes by
# itself, and one life passes the same places as any other; a busy machine may still delay one.
PAUSE = 1.5 * CLAIM_PAUSE
ATTEMPTS = 5


@pytest.mark.parametrize("share", range(SHARES))
async def test_dying_at_every_place_leaves_every_attachment_exactly_once(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path, share: int
) -> None:
    async with house(environment, tmp_path / "whole") as desk:
        alive = await victims.run(order(environment, desk, mails), pause=PAUSE)
        await assert_whole(desk, tmp_path / "whole")
    assert alive["ended"] == 0
    assert {place.partition(":")[0] for place in alive["passed"]} == {
        "answer", "commit", "create", "fsync", "fsync folder", "look", "make folder", "rename", "unlink", "write",
    }  # fmt: skip
    for place in alive["passed"][share::SHARES]:
        assert await _dies_and_recovers(environment, victims, mails, tmp_path, place), f"{place} was never reached"


async def _dies_and_recovers(
    environment: dict[str, str], victims: Victims, mails: list[Path], tmp_path: Path, place: str
) -> bool:
    """Let a victim die at a place; `False` when it came through alive each time, however often it tried."""
    for attempt in range(ATTEMPTS):
        data_dir = tmp_path / f"{place} {attempt}"
        async with house(environment, data_dir) as desk:
            end = (await victims.run(order(environment, desk, mails), die_at=place, pause=PAUSE))["ended"]
            assert end in {0, DIED}
            await survive(desk, mails)
            await assert_whole(desk, data_dir)
        shutil.rmtree(data_dir)
        if end == DIED:
            return True
    return False
