"""Places where a process may die: around every commit and file operation, and at every answer of a provider.

They stand between the flow and its parts, put there by the wiring; the flow knows nothing of them.
"""

import asyncio
import contextlib
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from io import FileIO
from pathlib import Path
from uuid import UUID

from maildock.domain.message import InboundMessage
from maildock.flow.context import Context
from maildock.providers.base import (
    AttachmentRef,
    Changes,
    EmailRef,
    Mailbox,
    Provider,
    Push,
    RemoteProvider,
    Step,
)
from maildock.storage.files import FileOps
from maildock.tables.session import Database, SweepSession, TenantSession

DIED = 86


class Points:
    """Names the places it passes, `commit: after #3`, and dies or stops at the one it was told to."""

    def __init__(self, die_at: str | None = None, stop_at: str | None = None) -> None:
        self.passed: list[str] = []
        self._times: Counter[str] = Counter()
        self._die_at = die_at
        self._stop_at = stop_at
        self.on_death: Callable[[], None] = lambda: None

    def pass_by(self, label: str) -> None:
        """Pass a place, or die there as `kill -9` would have it."""
        self._times[label] += 1
        place = f"{label} #{self._times[label]}"
        self.passed.append(place)
        if place == self._die_at:
            self.on_death()
            os._exit(DIED)
        if place == self._stop_at:
            os.kill(os.getpid(), signal.SIGSTOP)


def files_with(points: Points) -> FileOps:
    """Give file operations with a place before and after each."""

    class PointedFiles(FileOps):
        def create(self, path: Path) -> FileIO:
            with around(points, "create"):
                return super().create(path)

        def write(self, file: FileIO, data: bytes | bytearray) -> None:
            points.pass_by("write: before")
            # Half of it may have arrived.
            super().write(file, data[: len(data) // 2])
            points.pass_by("write: half")
            super().write(file, data[len(data) // 2 :])
            points.pass_by("write: after")

        def fsync(self, file: FileIO) -> None:
            with around(points, "fsync"):
                super().fsync(file)

        def rename(self, source: Path, target: Path) -> None:
            with around(points, "rename"):
                super().rename(source, target)

        def unlink(self, path: Path) -> None:
            with around(points, "unlink"):
                super().unlink(path)

        def make_folder(self, folder: Path) -> None:
            with around(points, "make folder"):
                super().make_folder(folder)

        def fsync_folder(self, folder: Path) -> None:
            with around(points, "fsync folder"):
                super().fsync_folder(folder)

    return PointedFiles()


@contextlib.contextmanager
def around(points: Points, what: str) -> Iterator[None]:
    """Pass a place before and one after."""
    points.pass_by(f"{what}: before")
    yield
    points.pass_by(f"{what}: after")


def database_with(points: Points) -> type[Database]:
    """Give a database with a place before and after each commit."""

    class PointedDatabase(Database):
        @contextlib.asynccontextmanager
        async def tenant(self, tenant: UUID) -> AsyncIterator[TenantSession]:
            async with super().tenant(tenant) as session:
                yield session
                points.pass_by("commit: before")
            points.pass_by("commit: after")

        @contextlib.asynccontextmanager
        async def sweep(self) -> AsyncIterator[SweepSession]:
            async with super().sweep() as session:
                yield session
            points.pass_by("look: after")

    return PointedDatabase


class PointedProvider:
    """A provider with a place at each of its answers; reading the poison kills at once.

    It waits for `pause` seconds before each attachment.
    """

    def __init__(self, inner: Provider, points: Points, poison: str | None, pause: float) -> None:
        self._inner, self._points, self._poison, self._pause = inner, points, poison, pause

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Pass a place after the mail has been fetched."""
        if email.email_id == self._poison:
            os._exit(DIED)
        message = await self._inner.fetch(email)
        self._points.pass_by("answer: mail")
        return message

    async def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Pass a place after each piece."""
        if attachment.attachment_id == self._poison:
            os._exit(DIED)
        await asyncio.sleep(self._pause)
        async for chunk in self._inner.open(attachment):
            self._points.pass_by("answer: piece")
            yield chunk


class PointedRemote(PointedProvider):
    """The same for a provider whose mail lies elsewhere."""

    def __init__(self, inner: RemoteProvider, points: Points, poison: str | None, pause: float) -> None:
        super().__init__(inner, points, poison, pause)
        self._remote = inner
        self.files_at_once = inner.files_at_once
        self.echo_seconds = inner.echo_seconds

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Pass a place after each page."""
        page = await self._remote.changes(mailbox, cursor)
        self._points.pass_by("answer: changes")
        return page

    async def watch(self, mailbox: Mailbox) -> Push:
        """Pass a place after the notifications were looked after."""
        push = await self._remote.watch(mailbox)
        self._points.pass_by("answer: watch")
        return push

    async def unwatch(self, mailbox: Mailbox) -> None:
        """End the notifications."""
        await self._remote.unwatch(mailbox)

    async def probe(self, mailbox: Mailbox) -> None:
        """Pass a place after the probe."""
        await self._remote.probe(mailbox)
        self._points.pass_by("answer: probe")

    def check(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try each step."""
        return self._remote.check(mailbox)

    def rehearse(self, mailbox: Mailbox, settings: str, secret: str) -> AsyncIterator[Step]:
        """Try what reading needs."""
        return self._remote.rehearse(mailbox, settings, secret)

    def way_of_pushes(self, mailbox: Mailbox) -> str:
        """Say what to see to."""
        return self._remote.way_of_pushes(mailbox)


def pointed(context: Context, points: Points, poison: str | None = None, pause: float = 0) -> Context:
    """Put the places into a wired context's providers."""
    providers: dict[str, Provider] = {}
    for kind, inner in context.providers.items():
        remote = isinstance(inner, RemoteProvider)
        providers[kind] = (PointedRemote if remote else PointedProvider)(inner, points, poison, pause)  # type: ignore[arg-type]
    return replace(context, providers=providers)
