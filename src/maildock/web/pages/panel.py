"""What a ticket's documents panel shows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from maildock.tables import desk
from maildock.tables.desk import DocumentLine, PartLine
from maildock.tables.session import TenantSession
from maildock.tables.ticket_versions import Version, versions
from maildock.web.pages import words

_MOST = 500
_COMING = ("pending", "processing")


@dataclass(frozen=True, slots=True)
class SameFile:
    """A document, and those with the very same bytes that came again after it."""

    first: DocumentLine
    again: Sequence[DocumentLine]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of a ticket's files are stored of those that are or shall be; `next_try` is what they wait for."""

    stored: int
    total: int
    retrying: int
    reason: str
    next_try: datetime | None

    @property
    def seconds(self) -> int:
        """The seconds until the next try, from now on."""
        return max(int((self.next_try - datetime.now(UTC)).total_seconds()), 0) if self.next_try else 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A ticket's documents and the parts that are none; `more` when not all of either could be listed."""

    documents: Sequence[DocumentLine]
    parts: Sequence[PartLine]
    more: bool
    version: Version

    @property
    def moving(self) -> bool:
        """Whether something is about to change without anybody's doing."""
        return any(part.status in _COMING for part in self.parts)

    @property
    def files(self) -> list[SameFile]:
        """The documents with the same bytes together, each where the first of them came."""
        return _together(self.documents)

    @property
    def progress(self) -> Progress | None:
        """How far the storing is, `None` where there is nothing to wait for."""
        retrying = [part for part in self.parts if part.status == "failed"]
        coming = sum(part.status in _COMING for part in self.parts)
        if not coming and not retrying:
            return None
        tries = [
            (part.next_attempt_at, words.why(part.reason, part.error_message))
            for part in retrying
            if part.next_attempt_at
        ]
        next_try, reason = min(tries, default=(None, ""), key=lambda each: each[0])
        stored = len(self.documents)
        return Progress(stored, stored + coming + len(retrying), len(retrying), reason, next_try)


def _together(documents: Iterable[DocumentLine]) -> list[SameFile]:
    found: dict[str, list[DocumentLine]] = {}
    for document in documents:
        found.setdefault(document.sha256, []).append(document)
    return [SameFile(first, again) for first, *again in found.values()]


async def panel(session: TenantSession, ticket_id: UUID) -> Panel:
    """Read the panel of a ticket."""
    # First, so that what changes meanwhile counts as changed since.
    (version,) = await versions(session, [ticket_id])
    documents = await desk.documents(session, ticket_id, _MOST + 1)
    parts = await desk.unstored_parts(session, ticket_id, _MOST + 1)
    more = len(documents) > _MOST or len(parts) > _MOST
    return Panel(documents[:_MOST], parts[:_MOST], more, version)
