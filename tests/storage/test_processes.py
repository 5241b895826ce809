import asyncio
import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maildock.storage.local import SPOOL, LocalStore
from maildock.storage.spool import Spool
from tests.storage.streams import files_in

# Puts the same 40 objects over and over, in an order of its own, and says so after each round.
WRITER = """
import asyncio, random, sys
from pathlib import Path
from maildock.storage.factory import open_store
from maildock.storage.keys import object_key
from tests.storage.conftest import TENANT
from tests.storage.streams import stream

async def write(root, rounds):
    store, spool = open_store(Path(root).as_uri())

    async def put(number):
        spooled = await spool.spool(stream(random.Random(number).randbytes(number * 50_000)), 1 << 30)
        await store.put(object_key(TENANT, spooled.sha256), spooled)

    for _ in range(int(rounds)):
        await asyncio.gather(*map(put, random.sample(range(40), 40)))
        print("round", flush=True)

asyncio.run(write(*sys.argv[1:]))
"""


def writer(root: Path, rounds: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", WRITER, str(root), str(rounds)], stdout=subprocess.PIPE)


def assert_whole(root: Path) -> int:
    objects = [path for path in files_in(root) if SPOOL not in path.parts]
    for path in objects:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    return len(objects)


def test_processes_that_put_the_same_objects_are_all_right(root: Path) -> None:
    writers = [writer(root, 3) for _ in range(3)]
    for one in writers:
        with one:
            assert one.wait(60) == 0
    assert assert_whole(root) == 40
    assert len(files_in(root)) == 40


async def test_killed_writers_leave_whole_objects_and_nothing_else(root: Path) -> None:
    for _ in range(6):
        with writer(root, 100) as other, writer(root, 100) as killed:
            await asyncio.to_thread(time.sleep, random.uniform(0.3, 0.6))
            killed.kill()
            killed.wait()
            await Spool(root / SPOOL).sweep()
            other.kill()
        assert_whole(root)
    await Spool(root / SPOOL).sweep()
    assert len(files_in(root)) == assert_whole(root) == len([one async for one in LocalStore(root).list()])


MEASURED = """
import asyncio, resource, sys
from pathlib import Path
from maildock.storage.factory import open_store
from maildock.storage.keys import object_key
from tests.storage.conftest import TENANT
from tests.storage.streams import repeat

async def flow(store, spool, chunk, total):
    spooled = await spool.spool(repeat(b"x" * chunk, total // chunk), total)
    key = object_key(TENANT, spooled.sha256)
    await store.put(key, spooled)
    async for _ in store.read(key):
        pass

async def measure(root, chunk):
    store, spool = open_store(Path(root).as_uri())
    await flow(store, spool, chunk, 2 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await flow(store, spool, chunk, 100 << 20)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)

asyncio.run(measure(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("chunk", [100, 16_384, 1 << 20])
def test_memory_does_not_grow_with_the_file(root: Path, chunk: int) -> None:
    grown = subprocess.run(
        [sys.executable, "-c", MEASURED, str(root), str(chunk)], check=True, capture_output=True, text=True
    )
    assert int(grown.stdout) < 4 * 1024  # KiB
