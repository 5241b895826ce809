"""From what Graph says about a message and its attachments to an `InboundMessage`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

from maildock.domain.errors import AttachmentError, Throttled, Unauthorized, Unavailable
from maildock.domain.ids import LIMIT
from maildock.domain.message import InboundMessage, Part, PartKind
from maildock.mime import envelope
from maildock.mime.evidence import shows
from maildock.providers.base import EmailRef
from maildock.providers.fields import Json
from maildock.providers.http import TooLong
from maildock.providers.microsoft import calls, described, paging
from maildock.providers.microsoft.calls import Call
from maildock.providers.microsoft.client import Client, Opened
from maildock.providers.microsoft.described import Described, read_attachment
from maildock.providers.microsoft.letter import Letter, read_letter
from maildock.providers.microsoft.links import links_in, plain
from maildock.providers.microsoft.raw import RawMails
from maildock.providers.microsoft.texts import Texts, read_texts

MOST_PARTS = 1000
_MOST_COUNTED = 20_000
_MOST_PAGES = 2_000
_MOST_ITEMS_ASKED = 50
_TRIES = 2


@dataclass(frozen=True, slots=True)
class _Listed:
    """The attachments, how many there are beyond the limit, and the forms of the items among them by their ids."""

    found: list[Described]
    beyond: int
    forms: dict[str, tuple[str, str]]


class Messages:
    """Reads messages."""

    def __init__(self, client: Client, raw: RawMails) -> None:
        self._client = client
        self._raw = raw

    async def read(self, email: EmailRef) -> InboundMessage:
        """Read a message and the list of its attachments; one whose text is too long for an answer as raw mail."""
        opened = await self._client.opened(email)
        try:
            content = await self._client.ask(opened, calls.message(opened.mailbox, email.email_id))
        except TooLong:
            return await self._read_raw(opened, email)
        if not content.keys() & {"id", "body", "subject"}:
            raise Unavailable("Graph's answer is no message")
        found, beyond = await self._attachments(opened, email)
        forms = await self._item_forms(opened, email, found)
        return await asyncio.to_thread(_message, content, _Listed(found, beyond, forms))

    async def _read_raw(self, opened: Opened, email: EmailRef) -> InboundMessage:
        call = calls.message(opened.mailbox, email.email_id, with_body=False)
        letter = read_letter(await self._client.ask(opened, call))
        message = await self._raw.message(opened, email.email_id)
        return _with_envelope(message, letter)

    async def _attachments(self, opened: Opened, email: EmailRef) -> tuple[list[Described], int]:
        """List the attachments, whatever the message says about having some, and count those beyond the limit."""
        found: dict[str, Described] = {}
        beyond = 0
        async for about in self._listed(opened, email):
            if len(found) < MOST_PARTS:
                found.setdefault(about.attachment_id, about)
            else:
                beyond += 1
        return list(found.values()), beyond

    async def _listed(self, opened: Opened, email: EmailRef) -> AsyncIterator[Described]:
        target: str | None = calls.attachments(opened.mailbox, email.email_id).target
        seen, links = 0, set[str]()
        while target and seen < _MOST_COUNTED:
            if target in links or len(links) == _MOST_PAGES:
                raise Unavailable("Graph's list of attachments does not come to an end")
            links.add(target)
            content = await self._client.ask(opened, Call("GET", target))
            page = [read_attachment(one) for one in paging.entries(content)]
            target = paging.next_target(content, opened.settings.graph)
            seen += len(page)
            for about in page:
                if not about.attachment_id:
                    raise Unavailable("Graph lists an attachment without an id")
                yield about

    async def _item_forms(self, opened: Opened, email: EmailRef, found: list[Described]) -> dict[str, tuple[str, str]]:
        """Ask what each attached item is; most are messages, and one that cannot be asked about holds up no mail."""
        forms = {}
        for about in [one for one in found if one.kind == described.ITEM][:_MOST_ITEMS_ASKED]:
            call = calls.item(opened.mailbox, email.email_id, about.attachment_id)
            if form := await self._item_form(opened, call):
                forms[about.attachment_id] = form
        return forms

    async def _item_form(self, opened: Opened, call: Call) -> tuple[str, str] | None:
        for _ in range(_TRIES):
            try:
                return described.item_form(await self._client.ask(opened, call))
            except Throttled:
                raise
            except Unavailable:
                continue
            except (AttachmentError, Unauthorized):
                break
        return None


def _message(content: Json, listed: _Listed) -> InboundMessage:
    letter = read_letter(content)
    texts = read_texts(letter.content, is_html=letter.is_html)
    given, said = letter.given, letter.said
    message = InboundMessage(
        message_id=envelope.message_id(given) or envelope.message_id(said),
        in_reply_to=envelope.in_reply_to(given),
        references=envelope.references(given),
        subject=letter.subject,
        sender=letter.sender,
        recipients=envelope.recipients(given) or envelope.recipients(said),
        date=envelope.date(given) or envelope.date(said),
        body_text=texts.text,
        body_html=texts.html,
        body_digest=texts.digest,
        parts=tuple(_parts(letter, texts, listed)),
        automatic=envelope.is_automatic(given),
        auto_reply=envelope.is_auto_reply(given),
    )
    return _with_envelope(message, letter)


def _parts(letter: Letter, texts: Texts, listed: _Listed) -> Iterator[Part]:
    has_links = letter.is_html and any(about.kind == described.REFERENCE for about in listed.found)
    links = links_in(letter.content) if has_links else {}
    for number, about in enumerate(listed.found, 1):
        if about.kind == described.FILE:
            shown = shows(texts.references, about.content_id, about.content_location)
            yield described.file_part(about, number, shown=shown)
        elif about.kind == described.ITEM:
            yield described.item_part(about, number, listed.forms.get(about.attachment_id, described.MESSAGE))
        elif about.kind == described.REFERENCE:
            yield described.skipped_part(about, number, PartKind.REFERENCE_LINK, links.get(plain(about.name), ""))
        else:
            yield described.skipped_part(about, number, PartKind.UNSUPPORTED, about.kind)
    if texts.whole is not None:
        yield texts.whole
    if listed.beyond:
        yield _limit_part(listed.beyond)


def _with_envelope(message: InboundMessage, letter: Letter) -> InboundMessage:
    """Add what Graph alone knows."""
    ignored = "draft" if letter.is_draft else ""
    return replace(message, thread_id=letter.thread_id, received_at=letter.received_at, ignored=ignored)


def _limit_part(beyond: int) -> Part:
    at_least = "at least " if beyond + MOST_PARTS >= _MOST_COUNTED else ""
    detail = f"{at_least}{beyond} more parts"
    return Part(LIMIT, "", "more-parts", "application/octet-stream", kind=PartKind.LIMIT, detail=detail)
