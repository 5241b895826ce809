"""`maildock demo`: a throw-away installation with something to look at."""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from maildock.cli.demo_mails import demo_mails
from maildock.cli.first_run import first_run
from maildock.cli.house import House, load
from maildock.cli.output import AsJson
from maildock.cli.service import DEFAULT_PORT, Port
from maildock.domain.ids import file_provider_id
from maildock.embedded.database import EmbeddedDatabase
from maildock.flow.receive import receive_raw
from maildock.settings import Settings
from maildock.worker.settle import settle
from maildock.worker.worker import Worker

# Low enough that the demo's oversize file is made in a moment.
LIMIT = 5 * 1024 * 1024


def demo(port: Port = DEFAULT_PORT, as_json: AsJson = False) -> None:
    """Run everything on a throw-away data dir with a few mails already in, until interrupted."""
    with contextlib.suppress(KeyboardInterrupt):
        _show(port, as_json=as_json)


def _show(port: int, *, as_json: bool) -> None:
    from maildock.cli.serving import Roles, serve  # noqa: PLC0415 - as in `service`

    folder = Path(tempfile.mkdtemp(prefix="maildock-demo-"))
    try:
        settings = _throw_away(load(logging.WARNING), folder)
        serve(settings, Roles("127.0.0.1", port, worker=True, migrate=True), _announce, as_json)
    finally:
        # As root the database lies elsewhere.
        EmbeddedDatabase(folder).destroy()
        shutil.rmtree(folder, ignore_errors=True)


def _throw_away(settings: Settings, folder: Path) -> Settings:
    """Keep nothing of the settings that would touch a real installation."""
    own = {"data_dir", "database_url", "app_database_url", "sweep_database_url", "storage_url"}
    kept = settings.model_dump(exclude_unset=True, exclude=own)
    return Settings.model_validate({"max_attachment_bytes": LIMIT, **kept, "data_dir": folder})


async def _announce(house: House, url: str) -> dict[str, Any]:
    tenant, admin = await first_run(house.context.database)
    provider_id = file_provider_id(tenant)
    worker = Worker(house.context)
    received = [
        (await receive_raw(house.context, tenant, provider_id, _stream(mail))).email_id
        for mail in demo_mails(house.settings.max_attachment_bytes)
    ]
    await settle(house.context, worker, tenant, provider_id, received)
    await worker.stop()
    return {"url": url, "tenant": str(tenant), "admin": admin, "ticket_url": f"{url}/tickets/1"}


async def _stream(mail: bytes) -> AsyncIterator[bytes]:
    yield mail
