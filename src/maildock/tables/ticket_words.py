"""`ticket_words`: what tickets are found by. Written in the transaction that writes the text itself."""

from typing import Literal
from uuid import UUID

from maildock.domain.search import words
from maildock.tables.session import TenantSession

Source = Literal["subject", "sender", "file"]


async def add(session: TenantSession, ticket_id: UUID, source: Source, *texts: str | None) -> None:
    """Let a ticket be found by the words of these texts as well."""
    found = words(" ".join(text for text in texts if text))
    if not found:
        return
    # In one order by everybody, and each source by itself: two mails on one ticket must not wait for each other.
    await session.later(
        "INSERT INTO ticket_words (tenant, ticket_id, source, word)"
        " SELECT %(tenant)s, %(ticket_id)s, %(source)s, word FROM unnest(%(words)s::text[]) AS word"
        " ON CONFLICT (tenant, ticket_id, word, source) DO NOTHING",
        {"ticket_id": ticket_id, "source": source, "words": found},
    )
