"""A mailbox as Gmail keeps it: messages with labels, threads, and a history of what happened."""

from __future__ import annotations

import itertools
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tests.servers.google.mime import GmailPart, take_apart
from tests.servers.google.replies import InvalidArgument, NotFound
from tests.servers.mime import Written, decoded

SYSTEM_LABELS = ("INBOX", "UNREAD", "SENT", "DRAFT", "TRASH", "SPAM", "STARRED", "IMPORTANT", "CATEGORY_PERSONAL")
HIDDEN = frozenset({"SPAM", "TRASH"})
# "Gmail: Shapes. `historyId` … strings (64-bit)": more than a double can hold.
FIRST_HISTORY = (1 << 53) + 1
LEAST_TOKEN_READS = 3

Kind = Literal["messageAdded", "messageDeleted", "labelAdded", "labelRemoved"]


@dataclass(frozen=True)
class Label:
    """A label; a user's own has an id that its name does not tell ("labels are given by id")."""

    label_id: str
    name: str
    kind: Literal["system", "user"] = "system"


@dataclass(eq=False)
class GmailMessage:
    """A message; `late_reads` counts the reads that will not see it yet."""

    message_id: str
    thread_id: str
    raw: bytes
    root: GmailPart
    labels: list[str]
    internal_date: int
    history_id: int = 0
    late_reads: int = 0


@dataclass(frozen=True)
class Record:
    """Something that happened to a message, with the labels that it had after that (or before it was deleted)."""

    history_id: int
    kind: Kind
    message: GmailMessage
    labels: tuple[str, ...]
    at: datetime
    changed: tuple[str, ...] = ()


@dataclass
class Watch:
    """What `users.watch` asked for; it ends by itself."""

    topic: str
    labels: frozenset[str]
    excluding: bool
    expires_at: datetime

    def wants(self, labels: Iterable[str]) -> bool:
        """Say whether a message with these labels is announced."""
        return not self.labels or (self.excluding is not bool(self.labels & set(labels)))


@dataclass
class Tokens:
    """The attachment ids that were given out. "`attachmentId` changes on every `messages.get` and old ones expire".

    A message's ids live until it has been read in full `reads` more times.
    """

    reads: int = LEAST_TOKEN_READS
    issued: int = 0
    refused: int = 0
    _known: dict[str, tuple[GmailMessage, GmailPart, int]] = field(default_factory=dict)
    _reads: dict[str, int] = field(default_factory=dict)

    def begin(self, message: GmailMessage) -> None:
        """Count a read of this message."""
        self._reads[message.message_id] = self._reads.get(message.message_id, 0) + 1

    def issue(self, message: GmailMessage, part: GmailPart) -> str:
        """Give a new id for a part."""
        self.issued += 1
        token = f"ANGjdJ{secrets.token_urlsafe(120)}"
        self._known[token] = (message, part, self._reads.get(message.message_id, 0))
        return token

    def expire(self) -> None:
        """Let every id that was given out be too old."""
        self._known.clear()

    def find(self, message: GmailMessage, token: str) -> GmailPart:
        """Find a part; "the refusal is 400 Invalid attachment token"."""
        known, part, read = self._known.get(token, (None, None, 0))
        if part is None or known is not message or self._reads[message.message_id] - read > self.reads:
            self.refused += 1
            raise InvalidArgument("Invalid attachment token")
        return part


class GmailMailbox:
    """One person's or one desk's mailbox. `refused` names the kind of fault that every request meets, if any."""

    def __init__(
        self, address: str, now: Callable[[], datetime], happened: Callable[[GmailMailbox, Record], None]
    ) -> None:
        self.address = address
        self.refused = ""
        self.remembers = timedelta(days=7)
        self.messages: dict[str, GmailMessage] = {}
        self.labels = {name: Label(name, name) for name in SYSTEM_LABELS}
        self.history: list[Record] = []
        self.history_id = FIRST_HISTORY
        self.oldest_history = FIRST_HISTORY
        self.watch: Watch | None = None
        self.tokens = Tokens()
        self._now = now
        self._happened = happened
        self._numbers = itertools.count(1)
        self._by_name: dict[str, GmailMessage] = {}

    def deliver(
        self,
        mail: Written | bytes,
        *,
        labels: Iterable[str] = ("INBOX", "UNREAD"),
        received: datetime | None = None,
        late_reads: int = 0,
    ) -> GmailMessage:
        """Take a mail in; `labels` by id."""
        raw = mail if isinstance(mail, bytes) else mail.raw()
        moment = received or self._now()
        message_id = f"{0x19ABC00000000000 + secrets.randbelow(1 << 40):016x}"
        root = take_apart(raw)
        thread = self._thread(root) or message_id
        message = GmailMessage(
            message_id, thread, raw, root, [*labels], int(moment.timestamp() * 1000), late_reads=late_reads
        )
        self.messages[message_id] = message
        self._by_name[root.header("Message-ID")] = message
        self._record("messageAdded", message)
        return message

    def add_labels(self, message: GmailMessage, *labels: str) -> None:
        """Put labels on a message: "a mail that gets its label later comes only as `labelAdded`"."""
        added = tuple(label for label in labels if label not in message.labels)
        message.labels += added
        self._record("labelAdded", message, added)

    def remove_labels(self, message: GmailMessage, *labels: str) -> None:
        """Take labels off a message."""
        removed = tuple(label for label in labels if label in message.labels)
        message.labels = [label for label in message.labels if label not in removed]
        self._record("labelRemoved", message, removed)

    def move(self, message: GmailMessage, label: str) -> None:
        """Move a message from the inbox to a label, as people do."""
        self.add_labels(message, label)
        self.remove_labels(message, "INBOX")

    def delete(self, message: GmailMessage) -> None:
        """Delete a message for good."""
        del self.messages[message.message_id]
        self._record("messageDeleted", message)

    def make_label(self, name: str) -> Label:
        """Make a label of the user's own."""
        label = Label(f"Label_{secrets.randbelow(1 << 62)}", name, "user")
        self.labels[label.label_id] = label
        return label

    def message(self, message_id: str) -> GmailMessage:
        """Find a message; one whose id cannot be one is another error."""
        if not re.fullmatch(r"[0-9a-f]{1,16}", message_id):
            raise InvalidArgument("Invalid id value")
        if message_id not in self.messages:
            raise NotFound
        return self.messages[message_id]

    def newest(self) -> list[GmailMessage]:
        """Give all messages, the newest first."""
        return sorted(
            self.messages.values(), key=lambda message: (message.internal_date, message.message_id), reverse=True
        )

    def forget_history(self) -> None:
        """Make every history id that was given out too old: "rarely only hours"."""
        self.history_id += 1
        self.oldest_history = self.history_id
        self.history.clear()

    def remembered(self) -> list[Record]:
        """Give the history that is still known: "usually valid for a week"."""
        since = self._now() - self.remembers
        while self.history and self.history[0].at < since:
            self.oldest_history = self.history.pop(0).history_id
        return self.history

    def set_watch(self, topic: str, labels: Iterable[str], *, excluding: bool) -> Watch:
        """Watch from now on; "watch again at least every 7 days"."""
        self.watch = Watch(topic, frozenset(labels), excluding, self._now() + timedelta(days=7))
        return self.watch

    def watched(self) -> Watch | None:
        """Give the watch, while it lasts."""
        alive = self.watch is not None and self.watch.expires_at > self._now()
        return self.watch if alive else None

    def _record(self, kind: Kind, message: GmailMessage, changed: tuple[str, ...] = ()) -> None:
        # Ids have gaps.
        self.history_id += next(self._numbers) % 7 + 1
        message.history_id = self.history_id
        record = Record(self.history_id, kind, message, tuple(message.labels), self._now(), changed)
        self.history.append(record)
        self._happened(self, record)

    def _thread(self, root: GmailPart) -> str | None:
        """Find the thread of a mail: it answers one of its mails, and has the same subject."""
        for message_id in re.findall(r"<[^>]*>", root.header("References") + root.header("In-Reply-To")):
            known = self._by_name.get(message_id)
            if known is not None and _subject(known.root) == _subject(root):
                return known.thread_id
        return None


def _subject(root: GmailPart) -> str:
    return re.sub(r"^(?:\s*(?:re|fwd?|aw|wg)\s*:)+", "", decoded(root.header("Subject")).lower()).strip()
