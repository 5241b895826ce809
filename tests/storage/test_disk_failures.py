import errno
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from maildock.domain.errors import StorageFailure
from maildock.storage.keys import object_key
from maildock.storage.local import SPOOL, LocalStore
from maildock.storage.spool import FLUSH, Spool
from tests.storage.disks import Failing, FailsOnce, FillsUp
from tests.storage.streams import files_in, repeat, stream

MIB = 1024 * 1024
WORDS = {
    errno.ENOSPC: "is full: free space",
    errno.EDQUOT: "quota .* free space or raise it",
    errno.EROFS: "read-only: mount it for writing",
    errno.EACCES: "chown",
    errno.EIO: "check the disk",
    errno.EMFILE: "ulimit -n",
    errno.ESTALE: "mount it again",
    errno.ENXIO: "No such device.*check that its disk is there",
}


@pytest.mark.parametrize("code", WORDS)
@pytest.mark.parametrize("step", ["create", "write", "lock", "make_folder"])
async def test_a_failing_spool_says_what_to_do_and_leaves_nothing(root: Path, step: str, code: int) -> None:
    with pytest.raises(StorageFailure, match=WORDS[code]) as failure:
        await Spool(root, Failing(step, code)).spool(repeat(b"x" * 1000, 2000), MIB * 2)
    assert str(root) in str(failure.value)
    assert "\n" not in str(failure.value)
    assert files_in(root.parent) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("step", ["fsync", "rename", "make_folder"])
async def test_a_failing_put_leaves_no_object(root: Path, tenant: UUID, step: str, code: int) -> None:
    spool = Spool(root / SPOOL)
    spooled = await spool.spool(stream(b"x"), 100)
    with pytest.raises(StorageFailure, match=WORDS[code]):
        await LocalStore(root, Failing(step, code)).put(object_key(tenant, spooled.sha256), spooled)
    await spool.discard(spooled)
    assert files_in(root) == []


async def test_a_failing_read_is_the_stores_failure(root: Path, tenant: UUID) -> None:
    key = object_key(tenant, "00" * 32)
    for step in ("open", "read"):
        store = LocalStore(root, Failing(step, errno.EIO))
        store.local_path(key).parent.mkdir(parents=True, exist_ok=True)
        store.local_path(key).write_bytes(b"x")
        with pytest.raises(StorageFailure, match="check the disk"):
            await anext(store.read(key))


@pytest.mark.parametrize("step", ["create", "write", "fsync", "rename"])
async def test_check_finds_what_fails(root: Path, step: str) -> None:
    with pytest.raises(StorageFailure, match="is full"):
        await LocalStore(root, Failing(step, errno.ENOSPC)).check()
    assert files_in(root) == []


@pytest.mark.parametrize("room", [0, 1, MIB, 3 * MIB - 1])
async def test_a_disk_that_fills_up_leaves_nothing(root: Path, room: int) -> None:
    with pytest.raises(StorageFailure, match="is full"):
        await Spool(root, FillsUp(room)).spool(repeat(b"x" * 4096, 768), 3 * MIB)
    assert files_in(root) == []


@pytest.mark.parametrize("size", [FLUSH + 2 * MIB, 3 * FLUSH])
async def test_a_write_that_is_lost_on_the_way_is_not_overheard(root: Path, size: int) -> None:
    with pytest.raises(StorageFailure, match="check the disk"):
        await Spool(root, FailsOnce()).spool(repeat(b"x" * MIB, size // MIB), size)
    assert files_in(root) == []


async def test_an_error_of_the_stream_is_not_the_disks(spool: Spool) -> None:
    async def times_out() -> AsyncIterator[bytes]:
        yield b"x"
        raise TimeoutError("the provider")

    with pytest.raises(TimeoutError, match="the provider"):
        await spool.spool(times_out(), 100)


async def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path, tenant: UUID) -> None:
    (tmp_path / "files").write_bytes(b"")
    with pytest.raises(StorageFailure, match="not a folder: set MAILDOCK_STORAGE_URL"):
        await Spool(tmp_path / "files" / SPOOL).spool(stream(b"x"), 100)
    with pytest.raises(StorageFailure, match="not a folder"):
        await LocalStore(tmp_path / "files").size(object_key(tenant, "00" * 32))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 2 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "maildock-test", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


async def test_a_real_full_disk_fails_cleanly_and_works_again(small_disk: Path, tenant: UUID) -> None:
    store, spool = LocalStore(small_disk), Spool(small_disk / SPOOL)
    with pytest.raises(StorageFailure, match=f"the disk of {small_disk}.* is full"):
        await spool.spool(repeat(b"x" * 10_000, 300), 3 * MIB)
    assert files_in(small_disk) == []
    spooled = await spool.spool(repeat(b"x" * 10_000, 100), MIB)
    await store.put(object_key(tenant, spooled.sha256), spooled)
    await store.check()


async def test_a_read_only_disk_still_gives_what_it_has(small_disk: Path, tenant: UUID) -> None:
    store, spool = LocalStore(small_disk), Spool(small_disk / SPOOL)
    spooled = await spool.spool(stream(b"kept"), 100)
    await store.put(key := object_key(tenant, spooled.sha256), spooled)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for attempt in (store.check(), store.delete(key), spool.spool(stream(b"new"), 100)):
        with pytest.raises(StorageFailure, match="read-only"):
            await attempt
    assert b"".join([piece async for piece in store.read(key)]) == b"kept"


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[int]:
    """This user, or nobody where that is root, who may do anything; `tmp_path` is closed to either."""
    user = os.geteuid()
    tmp_path.chmod(0o500)
    if user == 0:
        os.seteuid(65534)
    yield os.geteuid()
    os.seteuid(user)


async def test_another_users_folder_is_refused_by_name(tmp_path: Path, unprivileged: int) -> None:
    with pytest.raises(StorageFailure, match=f"user {unprivileged} may not use"):
        await LocalStore(tmp_path / "files").check()


LIMITED = """
import asyncio, sys
from pathlib import Path
from maildock.storage.spool import Spool
from tests.storage.streams import repeat

asyncio.run(Spool(Path(sys.argv[1])).spool(repeat(b"x" * 10_000, 300), 1 << 30))
"""


def test_a_limit_on_the_size_of_files_is_named(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB)),
    )
    assert result.stderr.splitlines()[-1].endswith("raise it (ulimit -f)")
    assert files_in(tmp_path) == []


async def test_a_link_to_a_disk_that_is_not_there_is_said_and_mended_by_the_disk(tmp_path: Path) -> None:
    root, disk = tmp_path / "files", tmp_path / "disk"
    root.symlink_to(disk)
    store = LocalStore(root)
    with pytest.raises(StorageFailure, match=str(root)):
        await store.check()
    disk.mkdir()
    await store.check()
