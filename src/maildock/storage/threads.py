"""Work with files in a thread, in such a way that nobody closes a file that a thread still uses."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `function` in a thread; a cancelled caller is let go only after the thread has ended."""
    running = asyncio.get_running_loop().run_in_executor(None, lambda: function(*args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await ended(running)
        raise


async def ended(running: asyncio.Future[T]) -> None:
    """Return when `running` has ended, however it ended, even if whoever waits is cancelled meanwhile."""
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            # The caller is being cancelled already; a second wish adds nothing.
            continue
    if not running.cancelled():
        running.exception()
