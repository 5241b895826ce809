"""A throw-away house to measure in: an embedded database, a store on this disk, one tenant."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.domain.ids import file_provider_id
from maildock.embedded.database import EmbeddedDatabase
from maildock.flow.context import Context
from maildock.flow.receive import receive_raw
from maildock.migrations.runner import migrate
from maildock.settings import Settings, load
from maildock.tables.tenants import Tenant
from maildock.worker.settle import settle
from maildock.worker.worker import Worker

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Ground:
    """What a house is built on."""

    settings: Settings
    where: wiring.Dsns


@dataclass(frozen=True, slots=True)
class House:
    """One tenant in an open house, and a worker."""

    context: Context
    tenant: Tenant
    worker: Worker

    async def receive(self, mail: Path) -> str:
        """Take a mail in, and give its id."""
        provider_id = file_provider_id(self.tenant.tenant)
        return (await receive_raw(self.context, self.tenant.tenant, provider_id, _stream(mail))).email_id

    async def work(self, *email_ids: str) -> None:
        """Work until these mails have settled."""
        await settle(self.context, self.worker, self.tenant.tenant, file_provider_id(self.tenant.tenant), email_ids)


async def _stream(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


@contextlib.contextmanager
def ground() -> Iterator[Ground]:
    """Prepare a migrated database, and take it away at the end."""
    with tempfile.TemporaryDirectory(prefix="maildock-bench-") as name:
        settings = load({"MAILDOCK_DATA_DIR": name}, Path(name) / "none.env")
        embedded = EmbeddedDatabase(wiring.prepare_data_dir(settings))
        try:
            owner = embedded.start()
            migrate(owner)
            yield Ground(settings, wiring.dsns(settings, owner))
        finally:
            embedded.destroy()


@contextlib.asynccontextmanager
async def house(base: Ground) -> AsyncIterator[House]:
    """Open the house for a tenant of its own."""
    async with wiring.open_context(base.settings, base.where) as context:
        worker = Worker(context)
        try:
            yield House(context, await add_tenant(context.database, f"Bench {uuid4()}"), worker)
        finally:
            await worker.stop()
