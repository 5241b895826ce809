"""The mails of the demo, written with the standard library: a customer, a printer, and every kind of part."""

import struct
import zlib
from email.message import EmailMessage
from email.utils import localtime, make_msgid

_CUSTOMER = "Ada Byron <ada@customer.example>"
_COLLEAGUE = "Charles Babbage <charles@customer.example>"
_DESK = "Help desk <desk@shop.example>"


def demo_mails(limit: int) -> list[bytes]:
    """Give a new ticket, a reply with an inline logo and an oversize file, and a mail that holds another."""
    first = _first()
    reply = _reply(first, limit)
    return [mail.as_bytes() for mail in (first, reply, _forwarded(reply), _elsewhere())]


def _mail(sender: str, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, _DESK, subject
    mail["Date"] = localtime()
    mail["Message-ID"] = make_msgid(domain="customer.example")
    mail.set_content(text)
    return mail


def _first() -> EmailMessage:
    mail = _mail(
        _CUSTOMER,
        "The printer on the second floor prints everything twice",
        "Hello,\n\nsince this morning every page comes out twice. A photo of the stack is attached, and the "
        "printer's own log.\n\nKind regards\nAda",
    )
    mail.add_attachment(_picture(640, 400, (214, 120, 60)), maintype="image", subtype="png", filename="IMG_2041.png")
    mail.add_attachment("08:31 job 17 printed\n08:31 job 17 printed\n" * 40, filename="printer.log")
    mail.add_attachment("page;copies\n1;2\n2;2\n", subtype="csv", filename="Übersicht Seiten.csv")
    return mail


def _reply(first: EmailMessage, limit: int) -> EmailMessage:
    mail = _mail(
        _CUSTOMER,
        f"Re: {first['Subject']}",
        "The whole memory dump is attached as well, I hope that it is not too much.\n\nAda\n\n"
        "On Monday, Ada Byron wrote:\n> since this morning every page comes out twice.\n",
    )
    mail["In-Reply-To"] = mail["References"] = first["Message-ID"]
    logo = make_msgid(domain="customer.example")
    mail.add_alternative(
        "<p>The whole <b>memory dump</b> is attached as well, I hope that it is not too much.</p><p>Ada</p>"
        f'<p><img src="cid:{logo[1:-1]}" alt="Byron &amp; Co." width="96" height="32"></p>',
        subtype="html",
    )
    (_, shown) = mail.iter_parts()
    shown.add_related(
        _picture(96, 32, (40, 90, 160)), "image", "png", cid=logo, filename="logo.png", disposition="inline"
    )
    mail.add_attachment(b"\x00" * (limit + 1), maintype="application", subtype="octet-stream", filename="memory.dump")
    mail.add_attachment(
        b"%PDF-1.4\n% an invoice\n%%EOF\n", maintype="application", subtype="pdf", filename="Invoice.pdf"
    )
    return mail


def _forwarded(reply: EmailMessage) -> EmailMessage:
    mail = _mail(_COLLEAGUE, f"Re: {reply['Subject']}", "The vendor's answer is attached, as it came.\n\nCharles")
    mail["In-Reply-To"] = reply["Message-ID"]
    vendor = _mail("Support <support@vendor.example>", "Case 4711", "Please replace the toner cartridge.")
    vendor.add_attachment(b"PK\x05\x06" + bytes(18), maintype="application", subtype="zip", filename="firmware.zip")
    mail.add_attachment(vendor)
    return mail


def _elsewhere() -> EmailMessage:
    return _mail(_COLLEAGUE, "A second screen, please", "Hello,\n\ncould I have a second screen?\n\nCharles")


def _picture(width: int, height: int, colour: tuple[int, int, int]) -> bytes:
    """Draw a PNG (RFC 2083): a soft gradient of one colour."""
    rows = b"".join(
        b"\x00"
        + b"".join(bytes(channel * (2 * height - row) // (2 * height) for channel in colour) for _ in range(width))
        for row in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
