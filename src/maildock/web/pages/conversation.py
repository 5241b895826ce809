"""A ticket's conversation, made ready to be shown."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from markupsafe import Markup

from maildock.tables import desk
from maildock.tables.desk import Said, TicketHead
from maildock.tables.session import TenantSession
from maildock.web.pictures import NONE, Pictures, content_id
from maildock.web.sanitise import sanitise

CUT_AT = 64 * 1024  # characters of a body in the conversation
CUT_WHOLE_AT = 1024 * 1024  # and on a page of its own


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment with the one body that is shown: harmless `html`, or else `text` and the `whole` text behind it."""

    said: Said
    html: Markup | None
    text: str
    whole: str | None
    remote_pictures: int
    cut: bool


async def kept_pictures(
    session: TenantSession, head: TicketHead, comments: Sequence[Said], loads: Callable[[UUID], bool]
) -> dict[UUID, Pictures]:
    """Say which pictures each of the comments may show; those from elsewhere where `loads` says so."""
    kept: dict[UUID, dict[str, str]] = {said.comment_id: {} for said in comments}
    for found in await desk.shown_documents(session, list(kept)):
        address = f"/tickets/{head.number}/documents/{found.document_id}"
        kept[found.comment_id].setdefault(content_id(found.content_id), address)
    return {comment: Pictures(addresses, loads(comment)) for comment, addresses in kept.items()}


async def show(comments: Sequence[Said], pictures: Mapping[UUID, Pictures]) -> list[Shown]:
    """Make comments ready, away from the event loop."""
    return await asyncio.to_thread(lambda: [_shown(said, pictures.get(said.comment_id, NONE)) for said in comments])


def _shown(said: Said, pictures: Pictures) -> Shown:
    if said.body_html.strip():
        harmless = sanitise(said.body_html, pictures)
        if harmless.html.striptags() or "<img" in harmless.html or not said.body_text.strip():
            cut = said.html_length > len(said.body_html)
            return Shown(said, harmless.html, "", None, harmless.remote_pictures, cut)
    own, whole = said.reply_text.strip(), said.body_text.strip()
    cut = said.text_length > len(said.body_text)
    return Shown(said, None, own or whole, whole if own and own != whole else None, 0, cut)
