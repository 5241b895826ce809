"""A ticket's conversation, made ready to be shown."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from maildock.tables.desk import Said
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


async def show(comments: Sequence[Said]) -> list[Shown]:
    """Make comments ready, away from the event loop."""
    return await asyncio.to_thread(lambda: [_shown(said) for said in comments])


def _shown(said: Said) -> Shown:
    if said.body_html.strip():
        harmless = sanitise(said.body_html)
        if harmless.html.striptags() or not said.body_text.strip():
            cut = said.html_length > len(said.body_html)
            return Shown(said, harmless.html, "", None, harmless.remote_pictures, cut)
    own, whole = said.reply_text.strip(), said.body_text.strip()
    cut = said.text_length > len(said.body_text)
    return Shown(said, None, own or whole, whole if own and own != whole else None, 0, cut)
