"""A mailbox as Exchange keeps it: folders, messages with two ids each, and a log of what happened in each folder."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.servers.microsoft.mime import MailFacts, take_apart
from tests.servers.microsoft.parts import GraphPart
from tests.servers.microsoft.replies import ItemNotFound
from tests.servers.mime import Written

WELL_KNOWN = ("inbox", "archive", "drafts", "sentitems", "deleteditems", "junkemail")
CASE_CODED = "qwertyuiopasdfghjklz"


@dataclass(frozen=True)
class Ids:
    """The two ids of one message. "Graph: Immutable ids. … Without the header a move changes the id"."""

    immutable: str
    movable: str

    def of(self, *, immutable: bool) -> str:
        """Give the one that a request prefers."""
        return self.immutable if immutable else self.movable


@dataclass(frozen=True)
class Change:
    """Something that happened in a folder, with the ids that the message had then."""

    ids: Ids
    message: GraphMessage
    removed: bool = False


@dataclass(eq=False)
class Folder:
    """A mail folder; its id stays the same."""

    folder_id: str
    name: str
    log: list[Change] = field(default_factory=list)


@dataclass(eq=False)
class GraphMessage:
    """A message in the store; `late_reads` counts the reads that will not see it yet."""

    ids: Ids
    raw: bytes
    facts: MailFacts
    parts: tuple[GraphPart, ...]
    folder: Folder
    received: datetime
    late_reads: int = 0
    is_draft: bool = False
    version: int = 1

    @property
    def immutable_id(self) -> str:
        """The id that stays."""
        return self.ids.immutable

    def part_id(self, part: GraphPart, *, immutable: bool) -> str:
        """Give an attachment's id, which changes when its message's does."""
        position = next(at for at, known in enumerate(self.parts) if known is part)
        return f"{self.ids.of(immutable=immutable)[:-1]}BEgAQ{_case_coded(position)}="

    def part(self, part_id: str) -> GraphPart:
        """Find an attachment by either id."""
        for part in self.parts:
            if part_id in {self.part_id(part, immutable=True), self.part_id(part, immutable=False)}:
                return part
        raise ItemNotFound


class GraphMailbox:
    """One person's or one desk's mailbox."""

    def __init__(self, address: str, arrived: Callable[[GraphMailbox, GraphMessage], None]) -> None:
        self.address = address
        self.user_id = str(uuid.uuid4())
        self.denied = False
        # How many entries of earlier rounds the next delta round shows again.
        self.replays = 0
        self.sync_epoch = 0
        self.sync_loss: tuple[int, str] = (410, "resyncRequired")
        self.folders = [Folder(f"AAMk{uuid.uuid4().hex}AAA=", name) for name in WELL_KNOWN]
        self.messages: list[GraphMessage] = []
        self._arrived = arrived
        self._given = 0

    def deliver(
        self,
        mail: Written | bytes,
        *,
        parts: Sequence[GraphPart] | None = None,
        folder: str = "inbox",
        received: datetime | None = None,
        late_reads: int = 0,
        is_draft: bool = False,
    ) -> GraphMessage:
        """Take a mail in; `parts` replaces the attachments that its bytes have (its MIME stays as given).

        `late_reads`: "Graph: A GET right after a notification can 404 for a moment".
        """
        raw = mail if isinstance(mail, bytes) else mail.raw()
        facts, found = take_apart(raw)
        kept = found if parts is None else tuple(parts)
        moment = (received or datetime.now(UTC)).replace(microsecond=0)
        ids = Ids(self._new_id("AAkALgAA"), self._new_id("AAMkADk0"))
        message = GraphMessage(ids, raw, facts, kept, self.folder(folder), moment, late_reads, is_draft)
        self.messages.append(message)
        self._enter(message)
        return message

    def move(self, message: GraphMessage, folder: str) -> None:
        """Move a message: "created also fires when a message enters the folder" (Graph: Notifications)."""
        message.folder.log.append(Change(message.ids, message, removed=True))
        message.ids = Ids(message.ids.immutable, self._new_id("AAMkADk0"))
        message.folder = self.folder(folder)
        self._enter(message)

    def delete(self, message: GraphMessage) -> None:
        """Delete a message for good."""
        message.folder.log.append(Change(message.ids, message, removed=True))
        self.messages.remove(message)

    def folder(self, name: str) -> Folder:
        """Find a folder by its well-known name or its id."""
        for folder in self.folders:
            if folder.folder_id == name or folder.name == name.lower():
                return folder
        raise ItemNotFound

    def add_folder(self, name: str) -> Folder:
        """Make a folder of the user's own."""
        folder = Folder(f"AAMk{uuid.uuid4().hex}AAA=", name)
        self.folders.append(folder)
        return folder

    def message(self, message_id: str) -> GraphMessage:
        """Find a message by either id. "Graph: Ids are case-sensitive"."""
        for message in self.messages:
            if message_id in {message.ids.immutable, message.ids.movable}:
                return message
        raise ItemNotFound

    def within(self, folder: Folder | None = None) -> Iterator[GraphMessage]:
        """Give the messages of a folder, or all, newest first."""
        newest = sorted(self.messages, key=lambda message: message.received, reverse=True)
        return (message for message in newest if folder is None or message.folder is folder)

    def lose_sync(self, status: int = 410, code: str = "resyncRequired") -> None:
        """Make every delta token that was given out useless: 410, or 40X `syncStateNotFound` (Graph: Delta)."""
        self.sync_epoch += 1
        self.sync_loss = (status, code)

    def _enter(self, message: GraphMessage) -> None:
        message.folder.log.append(Change(message.ids, message))
        self._arrived(self, message)

    def _new_id(self, prefix: str) -> str:
        # Neighbours' ids differ in case alone, so that whoever folds the case confuses them.
        self._given += 1
        return f"{prefix}{self.user_id.replace('-', '')}{_case_coded(self._given)}-_AAA="


def _case_coded(number: int) -> str:
    return "".join(letter.upper() if number >> bit & 1 else letter for bit, letter in enumerate(CASE_CODED))
