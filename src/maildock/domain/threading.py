"""Which ticket a mail belongs to: candidates in the order in which they are trusted. Pure."""

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

from maildock.domain.ids import text_hash
from maildock.domain.message import InboundMessage

# A References header may be as long as its sender likes; the newest ancestors decide, and the one that began it all.
MOST_ANCESTORS = 100
MOST_NUMBERS = 5

_TICKET_NUMBER = re.compile(r"\[#([0-9]{1,9})\]")


def ancestors(message: InboundMessage) -> tuple[bytes, ...]:
    """Hash the Message-IDs that the mail answers: In-Reply-To first, then References from the newest."""
    ordered = (*message.in_reply_to, *reversed(message.references))
    own = text_hash(message.message_id) if message.message_id else b""
    newest, oldest = ordered[: MOST_ANCESTORS - 1], ordered[MOST_ANCESTORS - 1 :][-1:]
    hashes = dict.fromkeys(text_hash(answered) for answered in (*newest, *oldest))
    hashes.pop(own, None)
    return tuple(hashes)


def first_known(wanted: Iterable[bytes], known: Mapping[bytes, UUID]) -> UUID | None:
    """Give the ticket of the first ancestor that has one."""
    return next((known[ancestor] for ancestor in wanted if ancestor in known), None)


def ticket_numbers(subject: str) -> tuple[int, ...]:
    """Read the numbers out of a subject like `Re: [#123] Printer`; they prove nothing about the sender.

    There may be several: the sender's own desk marks subjects, too.
    """
    # The column holds 32 bits; a larger number is nobody's.
    found = dict.fromkeys(int(number) for number in _TICKET_NUMBER.findall(subject))
    return tuple(found)[:MOST_NUMBERS]
