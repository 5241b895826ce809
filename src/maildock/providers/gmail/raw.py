"""Messages in their raw form, for what their descriptions do not give: attached mails byte by byte.

A raw message lies in the spool while it is looked at. Part ids and the positions of the walk over raw mail name the
same tree: `0.2` is the third part of the first, which the walk counts from one.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import islice
from pathlib import Path

from maildock.domain.errors import Corrupt, NotAMessage
from maildock.mime import attached
from maildock.mime.bodies import locator
from maildock.mime.reader import MOST_LEAVES, walk_message
from maildock.mime.walk import Leaf
from maildock.mime.window import Window
from maildock.providers.base import EmailRef
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.tree import ROOT, Described, Node
from maildock.providers.json_bytes import FieldDecoder
from maildock.providers.raw_mail import decoded, spooled
from maildock.storage.spool import Spool

_STEP = re.compile(r"\d+")


class NotInRaw(Corrupt):
    """The raw message has no such part."""


class RawMails:
    """Reads raw messages, at most `most` bytes of each."""

    def __init__(self, client: Client, spool: Spool, most: int) -> None:
        self._client = client
        self._spool = spool
        self._most = most

    async def chunks(self, email: EmailRef) -> AsyncGenerator[bytes]:
        """Stream a message's own bytes."""
        decoder = FieldDecoder("raw")
        async with self._client.stream(email, calls.message(email.email_id, "raw")) as stream:
            async for chunk in stream.chunks():
                if data := decoder.feed(chunk):
                    yield data
        yield decoder.finish()

    def spooled(self, email: EmailRef) -> AbstractAsyncContextManager[Path]:
        """Give a file with the message in it, for as long as that is looked at."""
        return spooled(self._spool, self.chunks(email), self._most)

    async def part(self, email: EmailRef, where: str) -> AsyncGenerator[bytes]:
        """Stream the part at a locator."""
        async with self.spooled(email) as path:
            async for chunk in decoded(path, where):
                yield chunk

    async def at(self, email: EmailRef, name: str) -> AsyncGenerator[bytes]:
        """Stream the part that a message's description would give this id. Raises `NotInRaw`."""
        async with self.spooled(email) as path:
            found = await asyncio.to_thread(_find, path, partial(_placed, name))
            async for chunk in decoded(path, found):
                yield chunk

    async def node(self, email: EmailRef, described: Described, node: Node) -> AsyncGenerator[bytes]:
        """Stream a part that the message's description names. Raises `NotInRaw`."""
        async with self.spooled(email) as path:
            found = await asyncio.to_thread(_find, path, partial(_described, described, node))
            async for chunk in decoded(path, found):
                yield chunk


def part_id(position: str, *, is_root: bool) -> str:
    """Name a position of the walk as Gmail names it; what stands behind a slash stays."""
    place, slash, rest = position.partition("/")
    name = ROOT if is_root else _STEP.sub(lambda step: str(int(step.group()) - 1), place)
    return name + slash + rest


def _find(path: Path, choose: Callable[[list[Leaf]], Leaf | None]) -> str:
    """Give the locator of the part that is chosen among all."""
    with path.open("rb") as file:
        window = Window(file)
        try:
            _, walk = walk_message(window)
        except NotAMessage as problem:
            raise NotInRaw from problem
        found = choose(list(islice(walk.leaves(), MOST_LEAVES)))
        if found is None:
            raise NotInRaw
        where = locator(found)
        return str(attached.really_encoded(window, where) if _is_mail(found) else where)


def _placed(name: str, leaves: list[Leaf]) -> Leaf | None:
    found = [leaf for leaf in leaves if part_id(leaf.position, is_root=leaf.parent is None) == name]
    return found[0] if len(found) == 1 else None


def _described(described: Described, node: Node, leaves: list[Leaf]) -> Leaf | None:
    """Choose a part by its place; where that holds another, by which of the attached mails it is."""
    placed = _placed(node.leaf.position, leaves)
    if placed and _alike(placed, node.leaf):
        return placed
    mails = [leaf for leaf in leaves if _is_mail(leaf)]
    nodes = [one.leaf for one in described.nodes if _is_mail(one.leaf)]
    if not _is_mail(node.leaf) or len(mails) != len(nodes):
        return None
    (found,) = (mail for mail, one in zip(mails, nodes, strict=True) if one is node.leaf)
    return found if _alike(found, node.leaf) else None


def _alike(found: Leaf, wanted: Leaf) -> bool:
    names = found.header.name, wanted.header.name
    return found.header.content_type == wanted.header.content_type and (names[0] == names[1] or not all(names))


def _is_mail(leaf: Leaf) -> bool:
    return leaf.header.content_type in attached.TYPES
