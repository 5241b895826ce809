"""The end of tasks in the background."""

import asyncio
from typing import Any

AGAIN_SECONDS = 1.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until every one has ended; what it ended with is left to whoever asks it.

    Once is not enough: up to Python 3.11 `asyncio.wait_for`, by which psycopg waits for the server, loses a
    cancellation that comes together with the answer (bpo-42130).
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=AGAIN_SECONDS)
