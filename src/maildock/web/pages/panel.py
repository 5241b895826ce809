"""What a ticket's documents panel shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from maildock.tables import desk
from maildock.tables.desk import DocumentLine, PartLine
from maildock.tables.session import TenantSession

_MOST = 500


@dataclass(frozen=True, slots=True)
class Panel:
    """A ticket's documents and the parts that are none; `more` when not all of either could be listed."""

    documents: Sequence[DocumentLine]
    parts: Sequence[PartLine]
    more: bool

    @property
    def moving(self) -> bool:
        """Whether something is about to change without anybody's doing."""
        return any(part.status in ("pending", "processing") for part in self.parts)


async def panel(session: TenantSession, ticket_id: UUID) -> Panel:
    """Read the panel of a ticket."""
    documents = await desk.documents(session, ticket_id, _MOST + 1)
    parts = await desk.unstored_parts(session, ticket_id, _MOST + 1)
    return Panel(documents[:_MOST], parts[:_MOST], more=len(documents) > _MOST or len(parts) > _MOST)
