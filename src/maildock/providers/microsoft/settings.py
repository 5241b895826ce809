"""What a connection to Microsoft is made of: checked when it is added, and read again when it is used."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from maildock.domain.errors import Unauthorized, UsageError
from maildock.providers.connections import Connection
from maildock.providers.http import Origin
from maildock.providers.microsoft.certificate import Certificate

GRAPH_URL = "https://graph.microsoft.com"
AUTHORITY_URL = "https://login.microsoftonline.com"
FOLDER = "inbox"
CHANGEABLE = ("folder",)
AUTHORITIES: Mapping[str, str] = {
    "graph.microsoft.com": AUTHORITY_URL,
    "graph.microsoft.us": "https://login.microsoftonline.us",
    "dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "microsoftgraph.chinacloudapi.cn": "https://login.chinacloudapi.cn",
}
# These stand for "whoever logs in"; an application that acts by itself belongs to one directory.
_NO_DIRECTORIES = frozenset({"common", "organizations", "consumers"})
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
_FOLDER = re.compile(r"[^/'\x00-\x1f\x7f]{1,512}")


@dataclass(frozen=True, slots=True)
class MicrosoftSettings:
    """Where a mailbox is and who asks for it; `folder` is a well-known name or an id."""

    directory_id: str
    client_id: str
    folder: str
    graph: Origin
    authority: Origin

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Read a connection's settings; raises `Unauthorized` where they are none."""
        try:
            return cls(
                directory_id=connection.setting("directory_id"),
                client_id=connection.setting("client_id"),
                folder=connection.setting("folder") or FOLDER,
                graph=Origin.parse(connection.setting("graph_url") or GRAPH_URL),
                authority=Origin.parse(connection.setting("authority_url") or AUTHORITY_URL),
            )
        except UsageError as problem:
            raise Unauthorized(
                f"the mailbox's settings are wrong: {problem}", "remove the mailbox, add it again"
            ) from (problem)


def new_connection(
    directory_id: str,
    client_id: str,
    folder: str = FOLDER,
    graph_url: str | None = None,
    authority_url: str | None = None,
) -> str:
    """Give the settings of a new connection as JSON; raises `UsageError` that says what is wrong.

    What is not given has its usual value; the authority is that of Graph's cloud.
    """
    graph = Origin.parse(graph_url or GRAPH_URL)
    settings = {
        "directory_id": _id(directory_id, "directory"),
        "client_id": _id(client_id, "client"),
        "folder": _folder(folder),
        "graph_url": str(graph),
        "authority_url": str(Origin.parse(authority_url or _authority_of(graph))),
    }
    return json.dumps(settings)


def changed(settings: str, folder: str) -> str:
    """Give a connection's settings with another folder; raises `UsageError`."""
    return json.dumps({**json.loads(settings), "folder": _folder(folder)})


def new_secret(*, client_secret: str = "", certificate: str = "") -> str:
    """Give the JSON of a client secret, or of a PEM with private key and certificate; raises `UsageError`."""
    if certificate:
        Certificate.parse(certificate)
        return json.dumps({"certificate": certificate})
    plain = client_secret.strip()
    if not plain:
        raise UsageError("the client secret is empty")
    if not plain.isascii() or not plain.isprintable() or " " in plain:
        raise UsageError("the client secret must be one word of plain text: the secret's value, not its description")
    return json.dumps({"client_secret": plain})


def _id(text: str, what: str) -> str:
    plain = text.strip()
    if not _ID.fullmatch(plain) or plain.lower() in _NO_DIRECTORIES:
        raise UsageError(
            f"{text!r} is no {what} id; the application's overview page in the Entra admin center shows it"
        )
    return plain


def _folder(text: str) -> str:
    plain = text.strip() or FOLDER
    if not _FOLDER.fullmatch(plain):
        raise UsageError(f"{text!r} is no folder: give a well-known name such as inbox, or a folder's id")
    return plain


def _authority_of(graph: Origin) -> str:
    known = AUTHORITIES.get(graph.host)
    if known is None:
        raise UsageError(f"{graph} is no cloud of Microsoft's that is known here: say with --authority-url who logs in")
    return known
