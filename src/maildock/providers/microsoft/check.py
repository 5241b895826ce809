"""Check and probe: whether a mailbox can be read, step by step."""

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import Any

from maildock.domain.errors import MaildockError, Unauthorized
from maildock.providers.base import Step
from maildock.providers.microsoft.client import Graph, key
from maildock.providers.microsoft.items import values
from maildock.providers.microsoft.subscriptions import Subscriber
from maildock.tables import push_subscriptions
from maildock.tables.session import Database

_FOLDER_REMEDY = "name a folder of the mailbox with --folder: its id, or a well-known name such as inbox"


async def probe(graph: Graph) -> None:
    """Ask for as little as can be; raises what keeps the mailbox closed."""
    await graph.ask("GET", _folder(graph, "?$select=id"))


async def check(graph: Graph, database: Database, subscriber: Subscriber) -> AsyncIterator[Step]:
    """Try every step; after the first that fails only what does not need it."""
    token = await _tried("token", _token(graph), "check the credentials: `maildock providers secret`")
    yield token
    if token.ok:
        folder = await _tried("mailbox", _folder_named(graph), _FOLDER_REMEDY)
        yield folder
        if folder.ok:
            yield await _tried("messages", _newest(graph), "grant the application permission Mail.Read")
    yield await _push(graph, database, subscriber)


async def _tried(step: str, trial: Awaitable[str], remedy: str) -> Step:
    try:
        return Step(step, True, await trial)  # noqa: FBT003 - a step's second fact
    except MaildockError as problem:
        known = problem.remedy if isinstance(problem, Unauthorized) else None
        return Step(step, False, str(problem), known or remedy)  # noqa: FBT003


def _folder(graph: Graph, rest: str) -> str:
    return graph.user(f"mailFolders/{key(graph.settings.folder)}{rest}")


async def _token(graph: Graph) -> str:
    await graph.client.tokens.of(graph.connection)
    return f"{graph.settings.authority} gives access tokens"


async def _folder_named(graph: Graph) -> str:
    found = await graph.ask("GET", _folder(graph, "?$select=id,displayName"))
    return f"the folder {found.get('displayName', graph.settings.folder)!s} is open"


async def _newest(graph: Graph) -> str:
    found: list[dict[str, Any]] = values(await graph.ask("GET", _folder(graph, "/messages?$top=1&$select=id")))
    if not found:
        return "the folder can be listed; it is empty"
    message = graph.user(f"messages/{key(str(found[0].get('id')))}")
    listed = values(await graph.ask("GET", f"{message}/attachments?$select=id,size&$top=1"))
    return f"the newest message can be read, {'with' if listed else 'without'} attachments"


async def _push(graph: Graph, database: Database, subscriber: Subscriber) -> Step:
    why = subscriber.unreachable(graph)
    if why is not None:
        return Step("push", True, f"mail comes in by polling alone: {why}")  # noqa: FBT003
    mailbox = graph.connection.mailbox
    async with database.tenant(mailbox.tenant) as session:
        rows = await push_subscriptions.every(session, mailbox.provider_id)
    ends = [row.expires_at for row in rows if row.subscription_id and row.expires_at]
    if not ends or max(ends) <= datetime.now(UTC):
        remedy = f"is a worker running, and does Microsoft reach {subscriber.address(mailbox)}?"
        return Step("push", False, "there is no subscription", remedy)  # noqa: FBT003
    return Step("push", True, f"subscribed until {max(ends).astimezone(UTC):%Y-%m-%d %H:%M} UTC")  # noqa: FBT003
