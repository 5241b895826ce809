"""Messages as Gmail describes them, read when they are wanted; where their bytes are is remembered for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

from maildock.providers.base import EmailRef
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.tree import Content, Described, Unreadable, read_tree

LARGEST = 8 << 20  # as objects it takes up to thirty times that
_MOST_BYTES = 4 << 20  # remembered in all
_MOST_OF_ONE = 2 << 20
_ENTRY_BYTES = 500
_THREAD_FROM = 1 << 16

_Key = tuple[UUID, UUID, str]
_Entry = tuple[int, Mapping[str, Content]]


class Descriptions:
    """Reads descriptions; whose handle was refused is to be read anew."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: OrderedDict[_Key, _Entry] = OrderedDict()
        self._bytes = 0

    async def read(self, email: EmailRef, wanted: str = "") -> Described:
        """Read a message, and remember its contents from the part `wanted` on.

        Raises `Unreadable` where it is too long, or too strange, to be described.
        """
        answer = bytearray()
        async with self._client.stream(email, calls.message(email.email_id, "full")) as stream:
            async for chunk in stream.chunks():
                answer += chunk
                if len(answer) > LARGEST:
                    raise Unreadable("the description of the message is too long")
        described = await asyncio.to_thread(read_tree, answer) if len(answer) > _THREAD_FROM else read_tree(answer)
        self._remember(email, described, wanted)
        return described

    def remembered(self, email: EmailRef, part_id: str) -> Content | None:
        """Give where a part's bytes were when its message was last read, `None` where that is not known."""
        _, known = self._known.get(_key(email), (0, {}))
        return known.get(part_id)

    def forget(self, email: EmailRef) -> None:
        """Forget a message's handles: one of them was too old."""
        size, _ = self._known.pop(_key(email), (0, {}))
        self._bytes -= size

    def _remember(self, email: EmailRef, described: Described, wanted: str) -> None:
        self.forget(email)
        nodes = described.nodes
        start = next((at for at, node in enumerate(nodes) if node.leaf.position == wanted), 0)
        contents, size = {}, 0
        # Parts are read in their order, so those behind the wanted one come next.
        for node in nodes[start:] + nodes[:start]:
            size += _ENTRY_BYTES + len(node.content.data or "") + len(node.content.handle)
            if size > _MOST_OF_ONE:
                break
            if not described.is_read_raw(node):
                contents[node.leaf.position] = node.content
        self._known[_key(email)] = size, contents
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            _, (oldest, _) = self._known.popitem(last=False)
            self._bytes -= oldest


def _key(email: EmailRef) -> _Key:
    return email.tenant, email.provider_id, email.email_id
