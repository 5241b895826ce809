"""The surface that every kind of provider has, towards the flow.

What a provider raises is from `maildock.domain.errors`: an `AttachmentError` when this item cannot be had, an
`OutageError` when the world does not work. It never returns a part of something as if it were the whole.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable
from uuid import UUID

from maildock.domain.message import InboundMessage


@dataclass(frozen=True, slots=True)
class EmailRef:
    """An email in the provider's store; `raw_sha256` names the kept raw message, where the provider keeps one."""

    tenant: UUID
    provider_id: UUID
    email_id: str
    raw_sha256: str | None = None
    raw_size: int | None = None


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A part of an email, with what was written down to find its bytes again.

    `file_name`, `content_type` and `size` are what its provider declared when the mail was read.
    """

    email: EmailRef
    attachment_id: str
    locator: str
    file_name: str = ""
    content_type: str = ""
    size: int | None = None


class Provider(Protocol):
    """One kind of provider."""

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Give the headers, the bodies and the list of the parts, without their bytes."""
        ...

    def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream the decoded bytes of a part; ends without an error only when they are whole."""
        ...


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A connected mailbox: its address, and when its mail begins to be taken in."""

    tenant: UUID
    provider_id: UUID
    address: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mail that is in the mailbox; `ignored` when its provider marks it as none that came in (drafts, sent)."""

    email_id: str
    received_at: datetime | None = None
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of what came in.

    `cursor` is where the next page begins, opaque to all but its provider, and moves on only together with what the
    page brought; `None` begins anew from the mailbox's start time. `more` pages are to be had now. `recovered` says
    that the page belongs to a search for what a lost cursor missed.
    """

    arrivals: tuple[Arrival, ...]
    cursor: str | None
    more: bool
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """How the provider is told to notify us: `renew_at` is when to look after that again.

    `problem` says in words why there is no push, and `remedy` what to do about it; polling goes on meanwhile.
    """

    renew_at: datetime
    expires_at: datetime | None = None
    problem: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a check, tried for real."""

    step: str
    ok: bool
    detail: str
    remedy: str | None = None


@runtime_checkable
class RemoteProvider(Provider, Protocol):
    """A provider whose mail lies elsewhere: it is asked for changes, watched, and may lock us out.

    `files_at_once` is how many attachments of one mailbox may be read at the same time. `echo_seconds` is how long
    after a push to ask once more, where the vendor drops pushes that follow each other closely; `None` where not.
    """

    files_at_once: int
    echo_seconds: float | None

    async def changes(self, mailbox: Mailbox, cursor: str | None) -> Changes:
        """Give the next page of what came in since `cursor`."""
        ...

    async def watch(self, mailbox: Mailbox) -> Push:
        """Have the provider notify us: subscribe, renew, or subscribe anew, whichever is due."""
        ...

    async def unwatch(self, mailbox: Mailbox) -> None:
        """Have it notify us no longer."""
        ...

    async def probe(self, mailbox: Mailbox) -> None:
        """Raise `Unauthorized`, with what to do, where the mailbox as a whole is closed to us."""
        ...

    def check(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try each step that the mailbox needs, for real."""
        ...

    def way_of_pushes(self, mailbox: Mailbox) -> str:
        """Say what to see to where pushes are expected and none comes."""
        ...

    def rehearse(self, mailbox: Mailbox, settings: str, secret: str) -> AsyncIterator[Step]:
        """Try what can be tried of a connection that is not written down, to read its mail; nothing is kept of it."""
        ...
