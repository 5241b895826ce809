import asyncio
import subprocess
import sys
import threading
from io import FileIO
from pathlib import Path

from maildock.storage.files import FileOps
from maildock.storage.spool import BATCH, Spool, SpoolFile
from tests.storage.streams import Endless, files_in, stream

WRITER = """
import asyncio, sys
from pathlib import Path
from maildock.storage.spool import Spool
from tests.storage.streams import Endless

async def write():
    endless = Endless(b"x" * 1_000_000, 5)
    writing = asyncio.create_task(Spool(Path(sys.argv[1])).spool(endless.chunks(), 1 << 30))
    await endless.waiting.wait()
    print("writing", flush=True)
    await writing

asyncio.run(write())
"""


def start_writer(spool_folder: Path) -> "subprocess.Popen[bytes]":
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(spool_folder)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    return writer


async def test_sweep_takes_what_a_killed_process_left(tmp_path: Path) -> None:
    with start_writer(tmp_path) as writer:
        writer.kill()
    assert len(files_in(tmp_path)) == 1
    assert await Spool(tmp_path).sweep() == 1
    assert files_in(tmp_path) == []


async def test_sweep_leaves_the_file_of_a_living_process(tmp_path: Path) -> None:
    with start_writer(tmp_path) as writer:
        assert await Spool(tmp_path).sweep() == 0
        assert len(files_in(tmp_path)) == 1
        writer.kill()


async def test_sweep_leaves_what_this_process_writes(tmp_path: Path) -> None:
    endless = Endless(b"x" * BATCH, 3)
    writing = asyncio.create_task(Spool(tmp_path).spool(endless.chunks(), 1 << 30))
    await endless.waiting.wait()
    assert await Spool(tmp_path).sweep() == 0
    writing.cancel()
    await asyncio.wait([writing])


async def test_sweep_leaves_a_whole_file_until_it_is_given_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spooled = await spool.spool(stream(b"waits for the database"), 100)
    assert await spool.sweep() == 0
    await spool.discard(spooled)


async def test_sweep_leaves_what_is_not_the_spools(tmp_path: Path) -> None:
    (tmp_path / "README").write_bytes(b"hello")
    (tmp_path / "folder").mkdir()
    assert await Spool(tmp_path).sweep() == 0
    assert files_in(tmp_path) == [tmp_path / "README"]


async def test_sweep_of_a_spool_that_was_never_used_finds_nothing(tmp_path: Path) -> None:
    assert await Spool(tmp_path / "never").sweep() == 0


class SlowToLock(FileOps):
    """Stops, the first time, between making a file and locking it."""

    def __init__(self) -> None:
        self.made = threading.Event()
        self.go_on = threading.Event()

    def lock(self, file: FileIO) -> None:
        """Wait for `go_on`, then lock."""
        self.made.set()
        self.go_on.wait(10)
        super().lock(file)


async def test_a_sweep_between_making_and_locking_loses_nothing(tmp_path: Path) -> None:
    files = SlowToLock()
    spooling = asyncio.create_task(Spool(tmp_path, files).spool(stream(b"new"), 100))
    await asyncio.to_thread(files.made.wait, 10)
    await Spool(tmp_path).sweep()
    files.go_on.set()
    spooled = await spooling
    assert spooled.path.read_bytes() == b"new"
    assert await Spool(tmp_path).sweep() == 0
    await Spool(tmp_path).discard(spooled)


async def test_many_writers_and_sweeps_at_once_lose_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    done = asyncio.Event()

    async def sweep_on() -> None:
        while not done.is_set():
            await spool.sweep()

    async def write(number: int) -> SpoolFile:
        return await spool.spool(stream(b"%d" % number), 100)

    sweeping = [asyncio.create_task(sweep_on()) for _ in range(2)]
    spooled = [one for _ in range(20) for one in await asyncio.gather(*map(write, range(10)))]
    done.set()
    await asyncio.gather(*sweeping)
    assert all(one.path.exists() for one in spooled)
    for one in spooled:
        await spool.discard(one)
