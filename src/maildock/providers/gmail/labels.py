"""Labels: which mails are none that came in, and the ids that stand behind the names people give."""

from collections.abc import Collection
from uuid import UUID

from maildock.domain.errors import Unauthorized
from maildock.providers import fields
from maildock.providers.connections import Owned
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.http import shown

_Key = tuple[UUID, UUID, str]
_MOST_KEPT = 10_000
_MOST_SHOWN = 20


def ignored(labels: Collection[str]) -> str:
    """Say in a word why a mail with these labels did not come in, empty where it did.

    A mail to oneself has `SENT` and `INBOX`.
    """
    if "DRAFT" in labels:
        return "draft"
    return "sent" if "SENT" in labels and "INBOX" not in labels else ""


class Labels:
    """Looks labels up, once for each mailbox."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ids: dict[_Key, str] = {}

    async def id_of(self, owned: Owned) -> str:
        """Give the id of the label that the mailbox is read by; raises `Unauthorized` where there is none such."""
        wanted = (await self._client.opened(owned)).settings.label
        key = owned.tenant, owned.provider_id, wanted
        if key not in self._ids:
            found = await self._find(owned, wanted)
            if len(self._ids) >= _MOST_KEPT:
                self._ids.clear()
            self._ids[key] = found
        return self._ids[key]

    def forget(self, owned: Owned) -> None:
        """Look the mailbox's label up again next time."""
        for key in [key for key in self._ids if key[:2] == (owned.tenant, owned.provider_id)]:
            del self._ids[key]

    async def _find(self, owned: Owned, wanted: str) -> str:
        every = fields.objects(await self._client.ask(owned, calls.labels()), "labels")
        known = [(fields.key(one, "id"), fields.text(one, "name")) for one in every if fields.key(one, "id")]
        by_id = [one for one, _ in known if one == wanted]
        by_name = [one for one, name in known if name.casefold() == wanted.casefold()]
        if by_id or by_name:
            return (by_id or by_name)[0]
        names = ", ".join(sorted(shown(name) for _, name in known)[:_MOST_SHOWN])
        raise Unauthorized(f"the mailbox has no label {wanted}", f"make the label, or use one of: {names}")
