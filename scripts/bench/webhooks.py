"""How many notifications are written down and answered, against a bare handler of the same framework."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator

import aiohttp

from scripts.bench.figure import TIMES, Figure, Measurement, Pairs
from scripts.bench.ground import Ground, talking
from scripts.bench.hooked import STATE

SECONDS, ROUNDS, CONNECTIONS = 2.0, 5, 32

HOW = (
    f"{CONNECTIONS} connections post notifications of one new mail each, for {SECONDS:g} s and in turn, to maildock's"
    " webhook (which checks the client state, writes the mail down durably and answers) and to a handler of the same"
    " framework in the same process that parses the JSON and answers. The rate of each is that of answers 202."
)


def _run(base: Ground) -> Iterator[Figure]:
    with talking(base, "scripts.bench.hooked") as (_, printed):
        facts = json.loads(printed.readline())
        numbers = itertools.count()
        asyncio.run(_rate(facts["ours"], numbers))
        rounds = [
            (asyncio.run(_rate(facts["ours"], numbers)), asyncio.run(_rate(facts["bare"], numbers)))
            for _ in range(ROUNDS)
        ]
    ours, bare = zip(*rounds, strict=True)
    pairs = Pairs(ours, bare)
    yield Figure(
        "8. webhooks: rate against a bare handler",
        pairs.times,
        TIMES,
        0.4,
        at_least=True,
        beside=pairs.beside("bare handler", "/s"),
    )


MEASUREMENT = Measurement(HOW, _run)


async def _rate(url: str, numbers: Iterator[int]) -> float:
    end = time.perf_counter() + SECONDS
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:
        taken = await asyncio.gather(*(_post(session, url, numbers, end) for _ in range(CONNECTIONS)))
    return sum(taken) / SECONDS


async def _post(session: aiohttp.ClientSession, url: str, numbers: Iterator[int], end: float) -> int:
    count = 0
    while time.perf_counter() < end:
        item = {"subscriptionId": "s", "clientState": STATE, "resourceData": {"id": f"mail {next(numbers)}"}}
        async with session.post(url, json={"value": [item]}) as response:
            if response.status != 202:  # noqa: PLR2004 - accepted
                raise ValueError(f"the webhook answered {response.status}")
        count += 1
    return count
