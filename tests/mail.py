"""Mails for tests, built fluently and written as a careful mail client would write them.

`mail(subject="Printer on fire").attach("photo.jpg", data).raw()`: every step returns a new mail, so that one mail can
be the start of several. `raw()` gives the same bytes each time.
"""

from __future__ import annotations

import base64
import mimetypes
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

CRLF = b"\r\n"


@dataclass(frozen=True)
class MailPart:
    """A leaf: its content type, its decoded bytes and what stands in its header."""

    content_type: str
    data: bytes
    name: str = ""
    disposition: str = ""
    cid: str = ""
    encoding: str = "base64"

    def raw(self) -> bytes:
        """Header, blank line and encoded body, without a line end after it."""
        lines = [f"Content-Type: {self.content_type}", f"Content-Transfer-Encoding: {self.encoding}"]
        if self.disposition or self.name:
            lines.append(f"Content-Disposition: {self.disposition or 'attachment'}{_filename(self.name)}")
        if self.cid:
            lines.append(f"Content-ID: <{self.cid}>")
        return "\r\n".join([*lines, "", ""]).encode() + self._body()

    def _body(self) -> bytes:
        if self.encoding != "base64":
            return self.data
        return base64.encodebytes(self.data).replace(b"\n", CRLF).removesuffix(CRLF)


@dataclass(frozen=True)
class Mail:
    """A mail in the making."""

    subject: str
    sender: str
    to: str
    body: str
    message_id: str
    date: datetime
    body_html: str | None = None
    attachments: tuple[MailPart, ...] = ()
    inlines: tuple[MailPart, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=())

    def text(self, text: str) -> Mail:
        """Replace the plain text."""
        return replace(self, body=text)

    def html(self, html: str) -> Mail:
        """Add an HTML alternative."""
        return replace(self, body_html=html)

    def header(self, name: str, value: str) -> Mail:
        """Add one more header line, as given."""
        return replace(self, headers=(*self.headers, (name, value)))

    def reply_to(self, first: Mail) -> Mail:
        """Answer `first`: In-Reply-To, References, and its subject with `Re:`."""
        subject = self.subject or f"Re: {first.subject}"
        return replace(self, subject=subject, references=(*first.references, first.message_id))

    def attach(
        self, name: str, data: bytes, content_type: str = "", *, disposition: str = "attachment", cid: str = ""
    ) -> Mail:
        """Attach a file."""
        part = MailPart(content_type or _guess(name), data, name, disposition, cid)
        return replace(self, attachments=(*self.attachments, part))

    def attach_mail(self, other: Mail) -> Mail:
        """Attach another mail as message/rfc822, its bytes as they are."""
        part = MailPart("message/rfc822", other.raw(), disposition="attachment", encoding="8bit")
        return replace(self, attachments=(*self.attachments, part))

    def inline(self, name: str, data: bytes, *, cid: str, content_type: str = "") -> Mail:
        """Add a picture for the HTML to show with `<img src="cid:…">`; say the HTML with `html()`."""
        part = MailPart(content_type or _guess(name), data, name, "inline", cid)
        return replace(self, inlines=(*self.inlines, part))

    def raw(self) -> bytes:
        """Write the mail's bytes, CRLF throughout."""
        return "\r\n".join([*self._header_lines(), ""]).encode() + self._content()

    def _header_lines(self) -> list[str]:
        lines = [
            f"From: {self.sender}",
            f"To: {self.to}",
            f"Subject: {_encoded_word(self.subject)}",
            f"Date: {format_datetime(self.date)}",
            f"Message-ID: {self.message_id}",
        ]
        if self.references:
            lines += [f"In-Reply-To: {self.references[-1]}", "References: " + "\r\n ".join(self.references)]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return [*lines, "MIME-Version: 1.0"]

    def _content(self) -> bytes:
        shown = MailPart("text/html; charset=utf-8", (self.body_html or "").encode()).raw()
        if self.inlines:
            shown = self._multipart("related", [shown, *(part.raw() for part in self.inlines)])
        content = MailPart("text/plain; charset=utf-8", self.body.encode()).raw()
        if self.body_html is not None:
            content = self._multipart("alternative", [content, shown])
        if self.attachments:
            content = self._multipart("mixed", [content, *(part.raw() for part in self.attachments)])
        return content

    def _multipart(self, subtype: str, children: list[bytes]) -> bytes:
        boundary = f"={subtype}_{uuid.uuid5(uuid.NAMESPACE_URL, self.message_id + subtype).hex}".encode()
        head = b"Content-Type: multipart/%s;\r\n boundary=%s\r\n\r\n" % (subtype.encode(), b'"' + boundary + b'"')
        parts = b"".join(b"--" + boundary + CRLF + child + CRLF for child in children)
        return head + parts + b"--" + boundary + b"--" + CRLF


def mail(
    subject: str = "",
    *,
    sender: str = "Ann Example <ann@customer.example>",
    to: str = "Desk <desk@shop.example>",
    text: str = "Hello, see below.",
    message_id: str = "",
    date: datetime | None = None,
) -> Mail:
    """Start a mail; without a `message_id` it gets one of its own, without a `date` it is from now."""
    known = message_id or f"<{uuid.uuid4().hex}@customer.example>"
    return Mail(subject, sender, to, text, known, (date or datetime.now(UTC)).replace(microsecond=0))


def _guess(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _filename(name: str) -> str:
    if not name:
        return ""
    if name.isascii():
        return '; filename="{}"'.format(name.replace("\\", "\\\\").replace('"', '\\"'))
    return f"; filename*=utf-8''{quote(name, safe='')}"


def _encoded_word(text: str) -> str:
    if text.isascii():
        return text
    return "\r\n ".join(
        f"=?utf-8?b?{base64.b64encode(text[at : at + 15].encode()).decode()}?=" for at in range(0, len(text), 15)
    )
