"""Time that passes at once: what has happened so far happened that much earlier.

Nothing public moves the clock, and a day of mail would take a day.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import LiteralString
from uuid import UUID

from maildock import wiring
from maildock.embedded.database import EmbeddedDatabase
from maildock.settings import load
from maildock.tables.session import Database
from scripts.pictures.desk import Desk

_STEPS: tuple[LiteralString, ...] = (
    "UPDATE tickets SET created_at = created_at - %(by)s, updated_at = updated_at - %(by)s WHERE tenant = %(tenant)s",
    "UPDATE comments SET created_at = created_at - %(by)s WHERE tenant = %(tenant)s",
    "UPDATE documents SET created_at = created_at - %(by)s WHERE tenant = %(tenant)s",
    "UPDATE file_stores SET created_at = created_at - %(by)s WHERE tenant = %(tenant)s",
    "UPDATE ticket_readings SET seen_at = seen_at - %(by)s WHERE tenant = %(tenant)s",
    "UPDATE users SET created_at = created_at - %(by)s, read_until = read_until - %(by)s WHERE tenant = %(tenant)s",
    """UPDATE api_tokens SET created_at = created_at - %(by)s, last_used_at = last_used_at - %(by)s,
       revoked_at = revoked_at - %(by)s WHERE tenant = %(tenant)s""",
    """UPDATE email_processed_messages SET created_at = created_at - %(by)s, received_at = received_at - %(by)s,
       updated_at = updated_at - %(by)s WHERE tenant = %(tenant)s""",
    """UPDATE email_processed_attachments SET created_at = created_at - %(by)s, updated_at = updated_at - %(by)s
       WHERE tenant = %(tenant)s""",
    """UPDATE email_providers SET created_at = created_at - %(by)s, last_mail_at = last_mail_at - %(by)s
       WHERE tenant = %(tenant)s""",
)


class Clock:
    """Lets time pass for one tenant."""

    def __init__(self, database: Database, tenant: UUID) -> None:
        self._database = database
        self._tenant = tenant

    async def forward(self, by: timedelta) -> None:
        """Let this much time pass."""
        async with self._database.tenant(self._tenant) as session:
            for statement in _STEPS:
                await session.execute(statement, {"by": by})


@asynccontextmanager
async def clock_of(desk: Desk) -> AsyncIterator[Clock]:
    """Join the database of a running maildock."""
    settings = load(desk.environment, desk.folder / "none.env")
    embedded = EmbeddedDatabase(desk.data_dir)
    owner = await asyncio.to_thread(embedded.start)
    try:
        async with wiring.open_context(settings, wiring.dsns(settings, owner)) as context:
            yield Clock(context.database, UUID(desk.tenant))
    finally:
        await asyncio.to_thread(embedded.stop)
