"""The connections of mailboxes as their tables hold them, opened for a moment's use.

They are looked up again every few seconds, so new credentials are used soon, and not once for each request.
"""

import json
import time
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

from maildock.access.sealing import Sealed, Sealer
from maildock.domain.errors import Unauthorized
from maildock.providers.base import Mailbox
from maildock.providers.http import Origin
from maildock.tables import mailbox_connections
from maildock.tables.session import Database

# A setting of every kind: the origins, beside the vendor's own, that a form named.
GRANTED = "granted"

_NOT_ALLOWED = "have whoever runs this service allow it again on every machine, or remove the mailbox"
_FRESH_SECONDS = 5.0
_MOST_KEPT = 10_000


class Owned(Protocol):
    """Whatever belongs to a mailbox."""

    @property
    def tenant(self) -> UUID:
        """The tenant."""
        ...

    @property
    def provider_id(self) -> UUID:
        """The mailbox's provider."""
        ...


@dataclass(frozen=True, slots=True)
class Connection:
    """A mailbox with its kind's settings and its secret, as written when it was added; `secret` is never shown."""

    mailbox: Mailbox
    settings: tuple[tuple[str, str], ...]
    secret: str

    @property
    def granted(self) -> tuple[str, ...]:
        """The origins that a form named and the operator had to allow."""
        return tuple(self.setting(GRANTED).split())

    def setting(self, name: str) -> str:
        """Give a setting, empty where it was not given."""
        return dict(self.settings).get(name, "")

    @classmethod
    def of(cls, mailbox: Mailbox, settings: str, secret: str) -> Self:
        """Read settings that are JSON."""
        content: dict[str, Any] = json.loads(settings)
        return cls(mailbox, tuple((name, str(value)) for name, value in content.items()), secret)


class Known(Protocol):
    """Where clients find connections."""

    async def of(self, owned: Owned) -> Connection:
        """Give a mailbox's connection; raises `Unauthorized` where there is none that can be used."""
        ...

    def forget(self, owned: Owned) -> None:
        """Look a mailbox's connection up anew the next time."""
        ...


class Rehearsed:
    """One connection, as if it were written down."""

    def __init__(self, mailbox: Mailbox, settings: str, secret: str) -> None:
        self._connection = Connection.of(mailbox, settings, secret)

    async def of(self, owned: Owned) -> Connection:
        """Give the connection, for its own mailbox only."""
        mailbox = self._connection.mailbox
        if (owned.tenant, owned.provider_id) != (mailbox.tenant, mailbox.provider_id):
            raise Unauthorized("this is another mailbox's connection")
        return self._connection

    def forget(self, owned: Owned) -> None:
        """Keep it: there is none newer."""


class Connections:
    """Looks connections up; `allowed` are the origins that the operator allows forms to name."""

    def __init__(self, database: Database, sealer: Sealer, allowed: frozenset[Origin] = frozenset()) -> None:
        self._database = database
        self._sealer = sealer
        self._allowed = frozenset(map(str, allowed))
        self._kept: dict[tuple[UUID, UUID], tuple[float, Connection]] = {}

    async def of(self, owned: Owned) -> Connection:
        """Give a mailbox's connection; raises `Unauthorized` where it is gone, or is not to be used any more."""
        key = owned.tenant, owned.provider_id
        at, kept = self._kept.get(key, (0.0, None))
        if kept is not None and time.monotonic() - at < _FRESH_SECONDS:
            return kept
        found = await self._read(owned)
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[key] = time.monotonic(), found
        return found

    def forget(self, owned: Owned) -> None:
        """Look a mailbox's connection up anew the next time: it may have been mended just now."""
        self._kept.pop((owned.tenant, owned.provider_id), None)

    async def _read(self, owned: Owned) -> Connection:
        tenant, provider_id = owned.tenant, owned.provider_id
        async with self._database.tenant(tenant) as session:
            row = await mailbox_connections.get(session, provider_id)
        if row is None:
            raise Unauthorized("the mailbox is not connected any more", "add it again with `maildock providers add`")
        try:
            secret = self._sealer.open(tenant, provider_id, row.sealed)
        except Sealed as problem:
            raise Unauthorized(str(problem), f"maildock providers secret {provider_id}") from problem
        found = Connection.of(Mailbox(tenant, provider_id, row.mailbox, row.since), row.settings, secret)
        if refused := [origin for origin in found.granted if origin not in self._allowed]:
            raise Unauthorized(f"{refused[0]} is not among MAILDOCK_PROVIDER_ORIGINS any more", _NOT_ALLOWED)
        return found
