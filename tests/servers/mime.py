"""Raw mail as lenient servers take it apart; any bytes can be read."""

import re
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from typing import Protocol

AS_IT_WAS = policy.compat32.clone(linesep="\r\n", max_line_length=None)


class Written(Protocol):
    """Something that can be written as a raw mail."""

    def raw(self) -> bytes:
        """Give the bytes."""
        ...


def decoded(value: str) -> str:
    """Decode RFC 2047 words; what cannot be decoded stays as it is."""
    try:
        return _printable(str(make_header(decode_header(value))))
    except (LookupError, ValueError, MessageError):
        return _printable(value)


def unfolded(value: str) -> str:
    """Join the lines of a header's value."""
    return _printable(re.sub(r"\r?\n(?=[ \t])", "", value))


def _printable(value: str) -> str:
    return value.encode("utf-8", "replace").decode()


def headers(message: Message) -> tuple[tuple[str, str], ...]:
    """Give the header, unfolded and otherwise as it came."""
    return tuple((name, unfolded(str(value))) for name, value in message.items())


def children(message: Message) -> list[Message]:
    """Give the parts right below this one."""
    payload = message.get_payload() if message.is_multipart() else []
    return [child for child in payload if isinstance(child, Message)]


def content(leaf: Message) -> bytes:
    """Give the decoded bytes of a part, of an attached mail its own."""
    if leaf.is_multipart():
        return b"\r\n".join(child.as_bytes(policy=AS_IT_WAS) for child in children(leaf))
    data = leaf.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""
