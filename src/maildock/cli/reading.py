"""Read files in threads that can be told to give up: nothing else ends a read of a pipe that has gone silent."""

import contextlib
import io
import os
import select
from collections.abc import Iterator

PIECE = 1 << 18

# Less than this is asked for again: whoever peeks wants to see whether it is an mbox.
_LEAST = len("From ")


class GivenUp(OSError):
    """The reader has been told to give up."""


class _File(io.RawIOBase):
    """A descriptor's bytes, until its end or `give_up`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._told, self._tell = os.pipe()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._poll.register(self._told, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # that is what it is given
        view, filled = memoryview(buffer), 0
        while filled < min(_LEAST, len(view)):
            if any(number == self._told for number, _ in self._poll.poll()):
                raise GivenUp
            with contextlib.suppress(BlockingIOError):
                if not (read := os.readv(self._descriptor, [view[filled:]])):
                    break
                filled += read
        return filled

    def give_up(self) -> None:
        """End the read that is under way in another thread, and all later ones."""
        os.write(self._tell, b"!")

    def close(self) -> None:
        if not self.closed:
            os.close(self._told)
            os.close(self._tell)
        super().close()


@contextlib.contextmanager
def opened(path: str | None) -> Iterator[io.BufferedReader]:
    """Open a file of any kind, `None` for standard input; leaving ends a read that is still under way."""
    # A FIFO without a writer is opened at once, and its first bytes are waited for where one can give up.
    descriptor = 0 if path is None else os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    raw = _File(descriptor)
    try:
        file = io.BufferedReader(raw, PIECE)
        try:
            yield file  # type: ignore[misc] # the stubs want more of a raw stream than it is asked for
        finally:
            raw.give_up()
            file.close()
    finally:
        if path is not None:
            os.close(descriptor)
