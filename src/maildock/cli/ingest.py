"""`maildock ingest`: raw mail on this machine, all the way into documents."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from io import BufferedReader
from typing import Annotated, Any
from uuid import UUID

import typer

from maildock.access.tenants import find_tenant
from maildock.cli import sources
from maildock.cli.house import House, run
from maildock.cli.output import AsJson, ForTenant, print_json, printable, progress, say
from maildock.cli.reading import PIECE, opened
from maildock.cli.sources import Source
from maildock.domain import ids
from maildock.domain.errors import MaildockError, MessageTooLarge, NotAMessage, OutageError
from maildock.flow.receive import Receipt, receive_raw
from maildock.tables import api_reads, tickets
from maildock.tables import email_processed_messages as messages
from maildock.tasks import end
from maildock.web.shapes import Attachment
from maildock.worker.settle import settle
from maildock.worker.worker import Worker

# How many mails are received ahead of the one whose end is waited for.
AHEAD = 32


@dataclass(frozen=True, slots=True)
class _Received:
    """One mail of the command line: where it lay, and its receipt or why there is none."""

    path: str
    index: int | None
    receipt: Receipt | None
    error: str | None = None


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATH…", help="Files, folders, mbox files, or - for stdin.")],
    tenant: ForTenant,
    as_json: AsJson = False,
) -> None:
    """File raw mails, and return when every attachment is stored, skipped, or has failed once."""
    found = sources.find(paths)
    if not run(lambda house: _ingest(house, found, tenant, as_json=as_json)):
        raise typer.Exit(1)


async def _ingest(house: House, found: list[Source], tenant: str, *, as_json: bool) -> bool:
    known = await find_tenant(house.context.database, tenant)
    provider_id = ids.file_provider_id(known.tenant)
    worker = Worker(house.context)
    received: asyncio.Queue[_Received | None] = asyncio.Queue(AHEAD)
    receiving = asyncio.create_task(_receive_all(house, known.tenant, provider_id, found, received))
    all_well = True
    try:
        with progress("mails", None) as step:
            while (one := await received.get()) is not None:
                line = await _line(house, worker, one)
                all_well &= _is_well(line)
                _print(line, as_json=as_json)
                step()
        await receiving
    finally:
        await end(receiving)
        await worker.stop()
    return all_well


async def _receive_all(
    house: House, tenant: UUID, provider_id: UUID, found: list[Source], received: "asyncio.Queue[_Received | None]"
) -> None:
    try:
        for source in found:
            try:
                with opened(None if source.path == sources.STDIN else source.path) as file:
                    async for one in _receive_file(house, tenant, provider_id, source, file):
                        await received.put(one)
            except OSError as problem:
                await received.put(_Received(source.path, None, None, problem.strerror or type(problem).__name__))
    finally:
        await received.put(None)


async def _receive_file(
    house: House, tenant: UUID, provider_id: UUID, source: Source, file: BufferedReader
) -> AsyncIterator[_Received]:
    head = await asyncio.to_thread(file.peek)
    if not sources.is_mbox(head):
        whole = iter(lambda: file.read(PIECE), b"")
        yield await _receive_one(house, tenant, provider_id, _Received(source.path, None, None), whole)
        return
    messages, index = sources.messages(file), 0
    while (message := await asyncio.to_thread(next, messages, None)) is not None:
        yield await _receive_one(house, tenant, provider_id, _Received(source.path, index, None), message)
        await asyncio.to_thread(_pass_over, message)
        index += 1


def _pass_over(message: Iterator[bytes]) -> None:
    """Read what a refused mail left unread."""
    for _ in message:
        pass


async def _receive_one(
    house: House, tenant: UUID, provider_id: UUID, where: _Received, pieces: Iterator[bytes]
) -> _Received:
    try:
        receipt = await receive_raw(house.context, tenant, provider_id, _stream(pieces))
    except (NotAMessage, MessageTooLarge) as problem:
        return _Received(where.path, where.index, None, problem.code)
    except MaildockError as problem:
        return _Received(where.path, where.index, None, str(problem))
    return _Received(where.path, where.index, receipt)


async def _stream(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Collect lines into pieces worth a hop to a thread."""
    while piece := await asyncio.to_thread(_collect, pieces):
        yield piece


def _collect(pieces: Iterator[bytes]) -> bytes:
    collected = bytearray()
    for piece in pieces:
        collected += piece
        if len(collected) >= PIECE:
            break
    return bytes(collected)


async def _line(house: House, worker: Worker, one: _Received) -> dict[str, Any]:
    """Wait for a mail's end and describe it as the contract's `ingest --json` does."""
    receipt = one.receipt
    if receipt is None:
        return _described(one, "failed", None, [], None)
    try:
        await settle(house.context, worker, receipt.tenant, receipt.provider_id, [receipt.email_id])
    except OutageError:
        raise
    except MaildockError as problem:  # the provider is paused
        return _described(replace(one, error=str(problem)), "failed", None, [], None)
    async with house.context.database.tenant(receipt.tenant) as session:
        state = (await messages.states(session, receipt.provider_id, [receipt.email_id]))[receipt.email_id]
        number = await tickets.number_of(session, state.ticket_id) if state.ticket_id else None
        rows = await api_reads.attachments_of(session, receipt.provider_id, [receipt.email_id])
    if state.ticket_id is None:
        return _described(one, "failed", state, [], None)
    return _described(
        one, _outcome(receipt, state), state, [Attachment.of(row).model_dump(mode="json") for row in rows], number
    )


def _outcome(receipt: Receipt, state: messages.MessageState) -> str:
    if not receipt.new or state.status == "duplicate":
        return "duplicate"
    opened = state.ticket_id == ids.ticket_id(receipt.tenant, receipt.provider_id, receipt.email_id)
    return "created" if opened else "replied"


def _described(
    one: _Received, outcome: str, state: messages.MessageState | None, attachments: list[Any], number: int | None
) -> dict[str, Any]:
    return {
        "path": one.path,
        "index": one.index,
        "outcome": outcome,
        "provider_id": str(one.receipt.provider_id) if one.receipt else None,
        "email_id": one.receipt.email_id if one.receipt else None,
        "message_id": state.message_id if state else None,
        "ticket_id": str(state.ticket_id) if state and state.ticket_id else None,
        "ticket_number": number,
        "comment_id": str(state.comment_id) if state and state.comment_id else None,
        "error": one.error or (state.error_message if state else None),
        "attachments": attachments,
    }


def _is_well(line: dict[str, Any]) -> bool:
    return line["outcome"] != "failed" and all(
        attachment["status"] not in ("failed", "dead") for attachment in line["attachments"]
    )


def _print(line: dict[str, Any], *, as_json: bool) -> None:
    where = printable(line["path"] if line["index"] is None else f"{line['path']} [{line['index']}]")
    if as_json:
        print_json(line)
    elif line["outcome"] != "failed":
        _print_counts(where, line)
    if line["outcome"] == "failed":
        say(f"{where}: not filed: {line['error']}")
    for attachment in line["attachments"]:
        if attachment["status"] in ("failed", "dead"):
            say(f"{where}: {attachment['file_name']}: {attachment['error']}")


def _print_counts(where: str, line: dict[str, Any]) -> None:
    counts: dict[str, int] = {}
    for attachment in line["attachments"]:
        counts[attachment["status"]] = counts.get(attachment["status"], 0) + 1
    files = ", ".join(f"{count} {status}" for status, count in counts.items()) or "no files"
    sys.stdout.write(f"{where}: {line['outcome']} #{line['ticket_number']}, {files}\n")
