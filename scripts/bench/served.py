"""A server with one stored document: `python -m scripts.bench.served MAIL` files the mail, and serves until a line.

Prints JSON: the URL of the document's content, the token that it asks for, and the file that the bytes lie in.
"""

import asyncio
import json
import sys
from pathlib import Path
from uuid import UUID, uuid4

from maildock import wiring
from maildock.access import tokens
from maildock.access.tenants import add_tenant
from maildock.cli import logs
from maildock.flow.context import Context
from maildock.settings import Settings, load
from scripts.bench import serving
from scripts.bench.taken import take


async def _document(context: Context, tenant: UUID) -> tuple[UUID, Path]:
    async with context.database.tenant(tenant) as session:
        rows = await session.values(
            "SELECT document_id, storage_key FROM documents JOIN file_stores USING (tenant, file_id)"
            " WHERE documents.tenant = %(tenant)s"
        )
    ((document_id, key),) = rows
    return document_id, context.store.local_path(key)


async def _serve(settings: Settings, where: wiring.Dsns, mail: Path) -> None:
    async with wiring.open_context(settings, where) as context:
        tenant = await add_tenant(context.database, f"Bench {uuid4()}")
        await take(context, tenant, [mail])
        document_id, path = await _document(context, tenant.tenant)
        async with context.database.tenant(tenant.tenant) as session:
            _, token = await tokens.issue(session, "bench")
        async with serving.ours(context, settings.public_url) as origin:
            url = f"{origin}/api/v1/documents/{document_id}/content"
            print(json.dumps({"url": url, "token": token, "path": str(path)}), flush=True)
            await asyncio.to_thread(sys.stdin.readline)


def main() -> None:
    """Join the database that the environment names, and serve until a line comes."""
    logs.configure("json")
    settings = load()
    with wiring.database_server(settings) as owner:
        asyncio.run(_serve(settings, wiring.dsns(settings, owner), Path(sys.argv[1])))


if __name__ == "__main__":
    main()
