"""Trying what a mailbox needs, step by step and for real."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

from maildock.domain.errors import AttachmentError, MaildockError, NotThere, OutageError, Refused
from maildock.providers import fields
from maildock.providers.base import Mailbox, Step
from maildock.providers.microsoft import calls, paging
from maildock.providers.microsoft.changes import no_folder
from maildock.providers.microsoft.client import Client, Opened
from maildock.providers.microsoft.subscriptions import Subscriptions

_NEW_ONE = "a running service makes a new one by itself; see that `maildock up` or `maildock worker` runs"
_Trial = Callable[[Opened], Awaitable[str]]


class Checks:
    """Checks mailboxes."""

    def __init__(self, client: Client, subscriptions: Subscriptions) -> None:
        self._client = client
        self._subscriptions = subscriptions

    async def probe(self, mailbox: Mailbox) -> None:
        """Raise `Unauthorized` where the mailbox as a whole is closed, or its folder is missing."""
        self._client.renew(mailbox)
        await self._mailbox(await self._client.opened(mailbox))

    async def steps(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try each step; the first that fails is the last of those that need it."""
        ok = True
        async for step in self.reading(mailbox):
            yield step
            ok = step.ok
        if ok:
            yield await self._push(await self._client.opened(mailbox))

    async def reading(self, mailbox: Mailbox) -> AsyncIterator[Step]:
        """Try what reading needs, up to the first step that fails."""
        try:
            opened = await self._client.opened(mailbox)
        except OutageError as problem:
            yield _failed("settings", problem)
            return
        trials: list[tuple[str, _Trial]] = [
            ("token", self._token),
            ("mailbox", self._mailbox),
            ("messages", self._messages),
            ("attachments", self._attachments),
        ]
        for name, trial in trials:
            step = await _tried(name, trial, opened)
            yield step
            if not step.ok:
                return

    async def _token(self, opened: Opened) -> str:
        await self._client.token(opened)
        return "Microsoft gives us a token"

    async def _mailbox(self, opened: Opened) -> str:
        folder = opened.settings.folder
        try:
            await self._client.ask(opened, calls.folder(opened.mailbox, folder))
        except (NotThere, Refused) as problem:
            raise no_folder(folder, problem) from problem
        return f"the folder {folder} is there"

    async def _messages(self, opened: Opened) -> str:
        found = await self._newest(opened)
        return "messages can be read" if found else "messages can be read; the folder is empty"

    async def _attachments(self, opened: Opened) -> str:
        email_id = await self._newest(opened)
        if not email_id:
            return "the folder is empty: there was nothing to try this on"
        paging.entries(await self._client.ask(opened, calls.attachments(opened.mailbox, email_id)))
        return "attachments can be listed"

    async def _newest(self, opened: Opened) -> str:
        content = await self._client.ask(opened, calls.newest(opened.mailbox, opened.settings.folder))
        return next((fields.key(one, "id") for one in paging.entries(content)), "")

    async def _push(self, opened: Opened) -> Step:
        if unreachable := self._subscriptions.unreachable(opened):
            detail = f"new mail is found by polling alone: {unreachable}; for push, MAILDOCK_PUBLIC_URL must be https"
            return Step("push", ok=True, detail=detail)
        row = await self._subscriptions.current(opened)
        problem = await self._subscriptions.last_problem(opened.mailbox)
        if row is None or row.subscription_id is None:
            if problem:
                return _push_failed("there is no subscription", problem)
            return Step("push", ok=True, detail="there is no subscription yet; a running service asks for one")
        try:
            known = calls.subscription("GET", row.subscription_id)
            expires_at = fields.moment(await self._client.ask(opened, known), "expirationDateTime")
        except NotThere:
            return Step("push", ok=False, detail="Microsoft has no such subscription any more", remedy=_NEW_ONE)
        except (AttachmentError, OutageError) as refused:
            return _failed("push", refused)
        if expires_at is not None and expires_at < datetime.now(UTC):
            return Step("push", ok=False, detail="the subscription has expired", remedy=_NEW_ONE)
        until = f"subscribed until {calls.moment(expires_at) if expires_at else 'later'}"
        return _push_failed(f"{until}, and not longer", problem) if problem else Step("push", ok=True, detail=until)


async def _tried(name: str, trial: _Trial, opened: Opened) -> Step:
    try:
        return Step(name, ok=True, detail=await trial(opened))
    except (AttachmentError, OutageError) as problem:
        return _failed(name, problem)


def _push_failed(state: str, problem: tuple[str, str | None]) -> Step:
    why, remedy = problem
    return Step("push", ok=False, detail=f"{state}: {why}", remedy=remedy or "a running service tries again by itself")


def _failed(name: str, problem: MaildockError) -> Step:
    usual = "try again later; status.cloud.microsoft says what is wrong at Microsoft"
    return Step(name, ok=False, detail=str(problem), remedy=getattr(problem, "remedy", None) or usual)
