"""The surface that every kind of provider has, towards the flow.

What a provider raises is from `maildock.domain.errors`: an `AttachmentError` when this item cannot be had, an
`OutageError` when the world does not work. It never returns a part of something as if it were the whole.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol
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
    """A part of an email, with what was written down to find its bytes again."""

    email: EmailRef
    attachment_id: str
    locator: str


class Provider(Protocol):
    """One kind of provider."""

    async def fetch(self, email: EmailRef) -> InboundMessage:
        """Give the headers, the bodies and the list of the parts, without their bytes."""
        ...

    def open(self, attachment: AttachmentRef) -> AsyncIterator[bytes]:
        """Stream the decoded bytes of a part; ends without an error only when they are whole."""
        ...
