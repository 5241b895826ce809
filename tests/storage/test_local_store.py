import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from maildock.storage.keys import object_key
from maildock.storage.local import PIECE, LocalStore
from maildock.storage.spool import Spool, SpoolFile
from tests.storage.streams import files_in, stream


async def put(store: LocalStore, spool: Spool, tenant: UUID, data: bytes) -> str:
    spooled = await spool.spool(stream(data), len(data))
    key = object_key(tenant, spooled.sha256)
    await store.put(key, spooled)
    return key


async def read(store: LocalStore, key: str, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in store.read(key, start, end)])


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
async def test_what_is_put_is_read_back(store: LocalStore, spool: Spool, tenant: UUID, size: int) -> None:
    data = os.urandom(size)
    key = await put(store, spool, tenant, data)
    assert await read(store, key) == data
    assert await store.size(key) == size


@pytest.mark.parametrize("size", [0, 1, PIECE, 3 * PIECE + 5])
async def test_pieces_are_put_through_what_the_reader_wants(
    store: LocalStore, spool: Spool, tenant: UUID, size: int
) -> None:
    key = await put(store, spool, tenant, b"ab" * size)
    pieces = [piece async for piece in store.read(key, 0, size, lambda piece: piece.replace(b"a", b""))]
    assert b"".join(pieces) == b"b" * (size // 2)
    assert b"" not in pieces


async def test_many_are_put_at_once(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    spooled = [await spool.spool(stream(bytes([number])), 1) for number in range(30)]
    objects = [(object_key(tenant, file.sha256), file) for file in spooled]
    assert await store.put_all(objects) == [None] * 30
    assert [await read(store, key) for key, _ in objects] == [bytes([number]) for number in range(30)]


async def test_one_that_cannot_be_put_stops_no_other(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    spooled = [await spool.spool(stream(data), 1) for data in (b"a", b"b", b"c")]
    keys = [object_key(tenant, file.sha256) for file in spooled]
    keys[1] = object_key(tenant, "00" * 32)
    first, second, third = await store.put_all(list(zip(keys, spooled, strict=True)))
    assert (first, type(second), third) == (None, ValueError, None)
    assert [file.taken for file in spooled] == [True, False, True]
    await spool.discard(spooled[1])


async def test_put_uses_up_the_spool_file(store: LocalStore, spool: Spool, tenant: UUID, root: Path) -> None:
    spooled = await spool.spool(stream(b"once"), 100)
    key = object_key(tenant, spooled.sha256)
    await store.put(key, spooled)
    await spool.discard(spooled)
    assert files_in(root) == [store.local_path(key)]


async def test_an_object_lies_in_folders_that_only_the_owner_may_see(
    store: LocalStore, spool: Spool, tenant: UUID, root: Path
) -> None:
    path = store.local_path(await put(store, spool, tenant, b"mine"))
    assert oct(path.stat().st_mode)[-4:] == "0600"
    for folder in (path.parent, path.parent.parent, root, root.parent):
        assert oct(folder.stat().st_mode)[-4:] == "0700"


async def test_the_same_bytes_put_again_are_one_object(
    store: LocalStore, spool: Spool, tenant: UUID, root: Path
) -> None:
    first = await put(store, spool, tenant, b"same")
    before = store.local_path(first).stat().st_ino
    assert await put(store, spool, tenant, b"same") == first
    assert store.local_path(first).stat().st_ino == before
    assert len(files_in(root)) == 1


async def test_many_writers_of_the_same_bytes_are_all_right(
    store: LocalStore, spool: Spool, tenant: UUID, root: Path
) -> None:
    data = os.urandom(300_000)
    keys = await asyncio.gather(*(put(store, spool, tenant, data) for _ in range(20)))
    assert await read(store, keys[0]) == data
    assert len(files_in(root)) == 1


async def test_a_reader_never_sees_half_an_object(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    data = os.urandom(2 * PIECE)
    key = object_key(tenant, hashlib.sha256(data).hexdigest())
    putting = asyncio.create_task(put(store, spool, tenant, data))
    sizes = set()
    while not putting.done():
        sizes.add(await store.size(key))
    await putting
    assert sizes <= {None, len(data)}


@pytest.mark.parametrize("damaged", [b"", b"short", b"longer than it was"])
async def test_an_object_of_the_wrong_size_is_replaced(
    store: LocalStore, spool: Spool, tenant: UUID, damaged: bytes
) -> None:
    key = await put(store, spool, tenant, b"as it was")
    store.local_path(key).write_bytes(damaged)
    await put(store, spool, tenant, b"as it was")
    assert await read(store, key) == b"as it was"


async def test_put_makes_a_folder_again_that_somebody_removed(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    key = await put(store, spool, tenant, b"back again")
    store.local_path(key).unlink()
    store.local_path(key).parent.rmdir()
    store.local_path(key).parent.parent.rmdir()
    assert await put(store, spool, tenant, b"back again") == key
    assert await read(store, key) == b"back again"


async def test_bytes_are_not_put_under_the_key_of_others(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    spooled = await spool.spool(stream(b"these"), 100)
    with pytest.raises(ValueError, match="not those of"):
        await store.put(object_key(tenant, "00" * 32), spooled)
    await spool.discard(spooled)


async def test_a_cancelled_put_leaves_the_whole_object_or_none(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    for step in range(20):
        data = os.urandom(PIECE)
        spooled = await spool.spool(stream(data), PIECE)
        key = object_key(tenant, spooled.sha256)
        putting = asyncio.create_task(store.put(key, spooled))
        await asyncio.sleep(step * 0.0002)
        putting.cancel()
        await asyncio.wait([putting])
        await spool.discard(spooled)
        assert await store.size(key) in {None, PIECE}


RANGES = [(0, 1), (0, None), (5, 5), (7, 3), (PIECE - 1, PIECE + 1), (1, 2 * PIECE), (2 * PIECE, None)]


@pytest.mark.parametrize(("start", "end"), [*RANGES, (2 * PIECE + 99, 9 * PIECE), (9 * PIECE, None)])
async def test_a_range_is_read_from_start_up_to_end(
    store: LocalStore, spool: Spool, tenant: UUID, start: int, end: int | None
) -> None:
    data = os.urandom(2 * PIECE + 100)
    key = await put(store, spool, tenant, data)
    pieces = [piece async for piece in store.read(key, start, end)]
    assert b"".join(pieces) == (data[start:end] if end is None or start <= end else b"")
    assert all(0 < len(piece) <= PIECE for piece in pieces)


async def test_a_missing_object_is_said_to_be_missing(store: LocalStore, tenant: UUID) -> None:
    key = object_key(tenant, "00" * 32)
    with pytest.raises(FileNotFoundError):
        await read(store, key)
    assert await store.size(key) is None
    assert store.open_local(key) is None


async def test_a_reader_that_stops_early_leaves_no_open_file(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    key = await put(store, spool, tenant, os.urandom(3 * PIECE))
    pieces = store.read(key)
    await anext(pieces)
    assert str(store.local_path(key)) in open_paths()
    await pieces.aclose()
    assert str(store.local_path(key)) not in open_paths()


def open_paths() -> set[str]:
    opened = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        if descriptor.is_symlink():
            opened.add(str(descriptor.readlink()))
    return opened


async def test_open_local_gives_a_seekable_file(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    key = await put(store, spool, tenant, b"0123456789")
    opened = store.open_local(key)
    assert opened is not None
    with opened:
        opened.seek(4)
        assert opened.read(3) == b"456"


async def test_delete_removes_and_may_be_repeated(store: LocalStore, spool: Spool, tenant: UUID, root: Path) -> None:
    key = await put(store, spool, tenant, b"going")
    await store.delete(key)
    await store.delete(key)
    await store.delete(object_key(uuid4(), "00" * 32))
    assert files_in(root) == []


async def test_list_gives_every_object_with_size_and_time(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    keys = {await put(store, spool, tenant, bytes([number]) * number): number for number in range(30)}
    found = [one async for one in store.list()]
    assert {one.key: one.size for one in found} == keys
    assert all(abs(datetime.now(UTC) - one.modified) < timedelta(minutes=1) for one in found)


async def test_list_narrows_to_a_prefix(store: LocalStore, spool: Spool, tenant: UUID) -> None:
    other = UUID(int=tenant.int + 1)
    keys = sorted([await put(store, spool, tenant, bytes([number])) for number in range(9)])
    await put(store, spool, other, b"theirs")
    assert sorted([one.key async for one in store.list(f"{tenant}/")]) == keys
    assert [one.key async for one in store.list(keys[3])] == [keys[3]]
    assert [one.key async for one in store.list(keys[3][:42])] == [k for k in keys if k.startswith(keys[3][:42])]


async def test_list_names_strangers_but_neither_spool_nor_links(store: LocalStore, spool: Spool, root: Path) -> None:
    spooled: SpoolFile = await spool.spool(stream(b"spooled"), 100)
    (root / "lost+found").mkdir()
    (root / "lost+found" / "#1").write_bytes(b"?")
    (root / "link").symlink_to("/etc")
    (root / ".hidden").write_bytes(b"")
    assert [one.key async for one in store.list()] == ["lost+found/#1"]
    await spool.discard(spooled)


async def test_list_of_a_store_that_was_never_used_is_empty(store: LocalStore) -> None:
    assert [one async for one in store.list()] == []


async def test_a_name_that_is_not_text_can_be_reported(store: LocalStore, root: Path) -> None:
    root.mkdir(parents=True)
    (root / os.fsdecode(b"caf\xe9")).write_bytes(b"")
    assert [one.key async for one in store.list()] == ["caf\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize("key", ["", "../x", "/etc/passwd", ".spool/x"])
async def test_what_is_no_key_is_refused(store: LocalStore, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        await store.size(key)


async def test_check_of_a_working_store_leaves_nothing(store: LocalStore, root: Path) -> None:
    await asyncio.gather(*(store.check() for _ in range(10)))
    assert files_in(root) == []
