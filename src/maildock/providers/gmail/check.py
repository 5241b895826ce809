"""Each step that a mailbox needs, tried for real."""

from collections.abc import AsyncIterator, Awaitable, Callable

from maildock.domain.errors import MaildockError, Unauthorized
from maildock.providers.base import Mailbox, Step
from maildock.providers.gmail import calls
from maildock.providers.gmail.client import Client
from maildock.providers.gmail.labels import Labels
from maildock.providers.gmail.watch import Watches

_NO_PUSH = "give the mailbox a --topic and a --push-service-account, and new mail comes within seconds"


class Checks:
    """Checks mailboxes."""

    def __init__(self, client: Client, labels: Labels, watches: Watches) -> None:
        self._client = client
        self._labels = labels
        self._watches = watches

    async def steps(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try one step after the other; the first that fails is the last, but for the push."""
        ok = True
        async for step in self.reading(mailbox):
            yield step
            ok = step.ok
        if ok:
            yield await self._push(mailbox)

    async def reading(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try what reading needs, up to the first step that fails."""
        needed: list[tuple[str, Callable[[Mailbox], Awaitable[str]]]] = [
            ("token", self._token),
            ("mailbox", self._mailbox),
            ("label", self._label),
            ("messages", self._messages),
        ]
        for name, attempt in needed:
            step = await _tried(name, attempt, mailbox)
            yield step
            if not step.ok:
                return

    async def _token(self, mailbox: Mailbox) -> str:
        await self._client.token(mailbox)
        return "Google gives an access token"

    async def _mailbox(self, mailbox: Mailbox) -> str:
        profile = await self._client.ask(mailbox, calls.own_profile())
        address = str(profile.get("emailAddress"))
        if address.casefold() != mailbox.address.casefold():
            raise Unauthorized(
                f"the credentials open {address}, not {mailbox.address}",
                f"add the mailbox as {address}, or let the user of {mailbox.address} consent",
            )
        return f"{address} answers, with {profile.get('messagesTotal')} messages"

    async def _label(self, mailbox: Mailbox) -> str:
        self._labels.forget(mailbox)
        await self._labels.id_of(mailbox)
        return f"the label {(await self._client.opened(mailbox)).settings.label} is there"

    async def _messages(self, mailbox: Mailbox) -> str:
        label = await self._labels.id_of(mailbox)
        found = (await self._client.ask(mailbox, calls.listed(label, 0, ""))).get("messages")
        if not isinstance(found, list) or not found:
            return "the label is empty; its mails may be listed"
        await self._client.ask(mailbox, calls.message(str(found[0].get("id")), "minimal"))
        return "mails may be listed and read"

    async def _push(self, mailbox: Mailbox) -> Step:
        settings = (await self._client.opened(mailbox)).settings
        if not settings.topic or not settings.push_service_account:
            missing = "no topic" if not settings.topic else "no push service account"
            return Step("push", ok=True, detail=f"{missing} is set; the mailbox is polled", remedy=_NO_PUSH)
        try:
            push = await self._watches.watch(mailbox)
        except MaildockError as problem:
            return Step("push", ok=False, detail=str(problem), remedy="try again in a while; the mailbox is polled")
        if push.problem or push.expires_at is None:
            return Step("push", ok=False, detail=push.problem or "Gmail does not say until when", remedy=push.remedy)
        return Step("push", ok=True, detail=f"Gmail tells {settings.topic} until {push.expires_at:%Y-%m-%d %H:%MZ}")


async def _tried(name: str, attempt: Callable[[Mailbox], Awaitable[str]], mailbox: Mailbox) -> Step:
    try:
        return Step(name, ok=True, detail=await attempt(mailbox))
    except MaildockError as problem:
        return Step(name, ok=False, detail=str(problem), remedy=getattr(problem, "remedy", None))
