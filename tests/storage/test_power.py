"""What a power cut or a kill leaves, at any step."""

import asyncio
import threading
from pathlib import Path
from uuid import UUID

import pytest

from maildock.storage.keys import object_key
from maildock.storage.local import SPOOL, LocalStore
from maildock.storage.spool import Spool
from tests.storage.disks import Forgetful, Killed, Mortal
from tests.storage.streams import files_in, repeat, stream


async def test_what_is_put_survives_a_power_cut(root: Path, tenant: UUID) -> None:
    disk = Forgetful()
    store, spool = LocalStore(root, disk), Spool(root / SPOOL, disk)
    for number in range(20):
        spooled = await spool.spool(stream(b"%d" % number), 100)
        key = object_key(tenant, spooled.sha256)
        await store.put(key, spooled)
        assert disk.keeps(store.local_path(key))


async def test_the_bytes_are_kept_before_the_name_exists(root: Path, tenant: UUID) -> None:
    disk = Forgetful()
    spooled = await Spool(root / SPOOL, disk).spool(stream(b"x" * 3_000_000), 3_000_000)
    assert not disk.keeps(spooled.path)
    path = LocalStore(root, disk).local_path(key := object_key(tenant, spooled.sha256))
    await LocalStore(root, disk).put(key, spooled)
    assert path not in disk.bytes


class HaltsBeforeFolderSync(Forgetful):
    """A disk whose first writer is stopped when the object has its name, and nothing keeps that yet."""

    def __init__(self) -> None:
        super().__init__()
        self.named = threading.Event()
        self.go_on = threading.Event()

    def rename(self, source: Path, target: Path) -> None:
        """Move the file, and stop."""
        super().rename(source, target)
        self.named.set()
        self.go_on.wait(10)


async def test_a_second_writer_does_not_trust_a_name_that_may_be_lost(root: Path, tenant: UUID) -> None:
    disk = HaltsBeforeFolderSync()
    spool = Spool(root / SPOOL, disk)
    first, second = [await spool.spool(stream(b"same"), 100) for _ in range(2)]
    key = object_key(tenant, first.sha256)
    putting = asyncio.create_task(LocalStore(root, disk).put(key, first))
    await asyncio.to_thread(disk.named.wait, 10)
    await LocalStore(root, disk).put(key, second)
    assert disk.keeps(LocalStore(root).local_path(key))
    disk.go_on.set()
    await putting


async def live(root: Path, tenant: UUID, disk: Mortal) -> None:
    spooled = await Spool(root / SPOOL, disk).spool(repeat(b"x" * 700_000, 5), 3_500_000)
    await LocalStore(root, disk).put(object_key(tenant, spooled.sha256), spooled)


@pytest.mark.parametrize("before", [False, True], ids=["new", "there"])
async def test_a_kill_at_any_step_leaves_the_whole_object_or_none(
    tmp_path: Path, tenant: UUID, *, before: bool
) -> None:
    for last in range(100):
        root = tmp_path / str(last)
        if before:
            await live(root, tenant, Mortal(100))
        disk = Mortal(last)
        try:
            await live(root, tenant, disk)
        except Killed:
            disk.bury()
            await Spool(root / SPOOL).sweep()
            assert [one.stat().st_size for one in files_in(root)] in ([], [3_500_000])
            await live(root, tenant, Mortal(100))
        assert [one.stat().st_size for one in files_in(root)] == [3_500_000]
        if disk.lives:
            assert last > 5
            return
    pytest.fail("it never came to its end")
