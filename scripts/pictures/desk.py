"""A maildock to take pictures of, on a folder of its own, and what people and programs do with it from outside."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.mail import Mail
from tests.web.server import Client

from maildock.embedded.database import EmbeddedDatabase

_PATIENCE = 120.0
TENANT = "default"


@dataclass
class Desk:
    """A running maildock; `mails` counts those that it should know of."""

    origin: str
    tenant: str
    data_dir: Path
    environment: Mapping[str, str]
    token: str = ""
    mails: int = 0
    folder: Path = field(default_factory=Path)

    async def asked(self, *words: str, given: str = "") -> Any:
        """Run a command that answers in JSON."""
        return json.loads(await self.run(*words, "--json", given=given))

    async def run(self, *words: str, given: str = "") -> bytes:
        """Run a command."""
        program = sys.executable, "-m", "maildock", *words
        process = await asyncio.create_subprocess_exec(*program, env=self.environment, stdin=PIPE, stdout=PIPE)
        answer, _ = await process.communicate(given.encode())
        if process.returncode:
            raise SystemExit(f"maildock {' '.join(words[:2])} ended with {process.returncode}")
        return answer

    async def send(self, *mails: Mail) -> None:
        """Send raw mails in as a program does, and wait until they have settled."""
        client = Client(self.origin, {"Authorization": f"Bearer {self.token}"})
        for each in mails:
            answer = await client("POST", "/api/v1/messages", each.raw(), Content_Type="message/rfc822")
            if answer.status != HTTPStatus.ACCEPTED:
                raise SystemExit(f"a mail was not taken in: {answer.status}")
        self.mails += len(mails)
        await self.settled()

    async def get(self, path: str) -> Any:
        """Ask the API."""
        return (await Client(self.origin, {"Authorization": f"Bearer {self.token}"}).get(f"/api/v1{path}")).json()

    async def post(self, path: str, wanted: object) -> None:
        """Ask the API to do something."""
        answer = await Client(self.origin, {"Authorization": f"Bearer {self.token}"}).post_json(
            f"/api/v1{path}", wanted
        )
        if answer.status != HTTPStatus.ACCEPTED:
            raise SystemExit(f"{path} was refused: {answer.status}")

    async def settled(self) -> None:
        """Wait until every mail is here, and nothing of it is on its way."""
        await until(self._rests)

    async def _rests(self) -> bool:
        known = await self.get("/emails?limit=200")
        moving = [each for each in known["items"] if each["status"] == "received"]
        if len(known["items"]) < self.mails or moving:
            return False
        states = ("pending", "processing")
        return not any([(await self.get(f"/attachments?status={state}&limit=1"))["items"] for state in states])


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.2)


async def _line(process: asyncio.subprocess.Process) -> bytes:
    return await process.stdout.readline() if process.stdout else b""


@contextlib.asynccontextmanager
async def started(folder: Path, more: Mapping[str, str]) -> AsyncIterator[Desk]:
    """Start everything on an empty folder, with these settings besides; take all of it away at the end."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    data_dir = folder / "data"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILDOCK_")}
    own = {"MAILDOCK_DATA_DIR": str(data_dir), "MAILDOCK_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    environment = {**kept, **own, **more}
    program = sys.executable, "-m", "maildock", "up", "--port", str(port), "--json"
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*program, env=environment, stdout=PIPE, stderr=log)
    try:
        said = json.loads(await asyncio.wait_for(_line(process), _PATIENCE))
        desk = Desk(said["url"], said["tenant"], data_dir, environment, folder=folder)
        desk.token = (await desk.asked("tokens", "add", "--tenant", TENANT, "--name", "Night import"))["token"]
        yield desk
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await asyncio.to_thread(EmbeddedDatabase(data_dir).destroy)
