"""Which address of a mailbox is answered by what."""

from __future__ import annotations

from tests.servers.microsoft.delta import Deltas
from tests.servers.microsoft.mailbox import GraphMailbox
from tests.servers.microsoft.messages import (
    list_folders,
    list_messages,
    list_parts,
    message_value,
    part_value,
    read_folder,
    read_message,
    read_part,
    seen,
)
from tests.servers.microsoft.query import Ask
from tests.servers.microsoft.replies import GraphError, InvalidRequest, ItemNotFound
from tests.servers.replies import Reply


def answer_mailbox(ask: Ask, mailbox: GraphMailbox, deltas: Deltas) -> Reply:
    """Answer a request below `/users/{id}`: "Graph: Endpoints"."""
    if mailbox.denied or ask.method != "GET":
        # "Graph: Auth. `Mail.Read` is enough … an access policy limits it; refusal is 403 ErrorAccessDenied".
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    match ask.segments[2:]:
        case ("mailfolders", folder, "messages", "delta"):
            return deltas.answer(ask, mailbox, mailbox.folder(folder))
        case ("mailfolders", *rest):
            return _answer_folder(ask, mailbox, rest)
        case ("messages",):
            return list_messages(ask, mailbox, None)
        case ("messages", message_id, *rest):
            return _answer_message(ask, mailbox, message_id, rest)
        case _:
            raise unknown_path(ask)


def unknown_path(ask: Ask) -> InvalidRequest:
    """Refuse an address that nothing answers."""
    return InvalidRequest(f"Resource not found for the segment '{ask.segments[-1]}'.")


def _answer_folder(ask: Ask, mailbox: GraphMailbox, rest: list[str]) -> Reply:
    match rest:
        case []:
            return list_folders(ask, mailbox)
        case [folder]:
            return read_folder(mailbox, mailbox.folder(folder))
        case [folder, "messages"]:
            return list_messages(ask, mailbox, mailbox.folder(folder))
        case [folder, "messages", message_id, *below]:
            if mailbox.message(message_id).folder is not mailbox.folder(folder):
                raise ItemNotFound
            return _answer_message(ask, mailbox, message_id, below)
        case _:
            raise unknown_path(ask)


def _answer_message(ask: Ask, mailbox: GraphMailbox, message_id: str, rest: list[str]) -> Reply:
    message = seen(mailbox.message(message_id))
    match rest:
        case []:
            return read_message(ask, message)
        case ["$value"]:
            return message_value(message)
        case ["attachments"]:
            return list_parts(ask, message)
        case ["attachments", part_id]:
            return read_part(ask, message, message.part(part_id))
        case ["attachments", part_id, "$value"]:
            return part_value(message.part(part_id))
        case _:
            raise unknown_path(ask)
