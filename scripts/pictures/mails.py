"""The mails that are looked at closely: a thread with every kind of file, long names, right-to-left text."""

from tests.mail import Mail, mail
from tests.pdf import pdf

from scripts.pictures.photos import photo

# What the installation stores at most; little, so that the file that is too large is made in a moment.
LIMIT = 5 * 1024 * 1024

_ADA = "Ada Byron <ada@customer.example>"
_CHARLES = "Charles Babbage <charles@customer.example>"
_MINUTES = "\u05e4\u05e8\u05d5\u05d8\u05d5\u05e7\u05d5\u05dc \u05d9\u05e9\u05d9\u05d1\u05d4 (12).pdf"
_LONG = (
    "Minutes of the meeting of the working group on printers, second floor, with all comments of all participants,"
    " final version 3 (corrected) - really final.docx"
)
_QUOTATION = pdf(
    "Quotation 118\n\n\nByron & Co., 12 Customer Lane\n\nToner, black, two pieces       118.00\n"
    "Drum unit, one piece              89.00\nCall-out, second floor            60.00\n\n"
    "Total                                      267.00\n\n\nGood for 30 days.",
    "Terms and conditions",
    size=(595, 842),
    font=18,
)


def thread() -> tuple[Mail, Mail, Mail]:
    """Give a question, its answer with a logo, a quotation and a file that is too large, and one more for a mailbox."""
    first = mail(
        "The printer on the second floor prints everything twice",
        sender=_ADA,
        text="Hello,\n\nsince this morning every page comes out twice. A photo of the stack is attached, and the"
        " printer's own log: https://printers.customer.example/2/log\n\nKind regards\nAda",
    )
    first = first.attach("IMG_2041.png", photo(1280, 800, (52, 92, 150), (214, 150, 90)))
    first = first.attach("printer.log", b"08:31 job 17 printed\n08:31 job 17 printed\n" * 400, "text/plain")
    first = first.attach(_LONG, b"PK\x03\x04" + bytes(81_920)).attach(
        "Übersicht Seiten.csv", b"page;copies\n1;2\n" * 90
    )
    logo = photo(144, 48, (21, 89, 199), (80, 150, 240))
    second = mail(sender=_ADA, text="The counters, and the whole memory dump.").reply_to(first)
    second = second.html(
        "<p>Here are <b>the counters</b>, and the whole memory dump. I hope that it is not too much.</p>"
        "<p><img src='cid:counters@customer' alt='The counters'></p>"
        "<table><tr><th>Tray</th><th>Pages</th></tr><tr><td>1</td><td>11 204</td></tr>"
        "<tr><td>2</td><td>22 408</td></tr></table><p>Ada</p>"
        '<p><img src="cid:logo@customer" alt="Byron &amp; Co." width="144" height="48"></p>'
        '<p><img src="https://news.customer.example/banner.gif" alt="Our autumn offers"></p>'
    )
    counters = photo(300, 160, (28, 70, 60), (120, 170, 140))
    second = second.inline("counters.png", counters, cid="counters@customer")
    second = second.inline("logo.png", logo, cid="logo@customer").attach("Quotation 118.pdf", _QUOTATION)
    second = second.attach("memory.dump", bytes(LIMIT + 1))
    vendor = mail("Case 4711", sender="Support <support@vendor.example>", text="Please replace the toner.")
    third = mail(sender=_CHARLES, text="The vendor's answer is attached, as it came.\n\nCharles").reply_to(second)
    third = third.attach_mail(vendor.attach("firmware.zip", b"PK\x05\x06" + bytes(18)))
    return first, second, third.attach("Invoice 4711.pdf", bytes(48_000)).attach("firmware.bin", bytes(900_000))


def right_to_left() -> tuple[Mail, ...]:
    """Give mails in Hebrew and in Arabic, with numbers and Latin words within."""
    hebrew = mail(
        "\u05d4\u05de\u05d3\u05e4\u05e1\u05ea \u05d1\u05e7\u05d5\u05de\u05d4 2 \u05dc\u05d0"
        " \u05e2\u05d5\u05d1\u05d3\u05ea (HP LaserJet)",
        sender="\u05d3\u05d1 \u05db\u05d4\u05df <dov@haifa.example>",
        text="\u05e9\u05dc\u05d5\u05dd,\n\n\u05d4\u05de\u05d3\u05e4\u05e1\u05ea"
        " \u05e9\u05dc\u05e0\u05d5 \u05de\u05d3\u05e4\u05d9\u05e1\u05d4 \u05db\u05dc \u05d3\u05e3"
        " \u05e4\u05e2\u05de\u05d9\u05d9\u05dd. \u05d4\u05e7\u05d5\u05d1\u05e5"
        " \u05de\u05e6\u05d5\u05e8\u05e3.\n\n\u05ea\u05d5\u05d3\u05d4, \u05d3\u05d1",
    )
    arabic = mail(
        "\u0641\u0627\u062a\u0648\u0631\u0629 \u0631\u0642\u0645 2026-118 \u2013 \u0645\u0633\u062a\u0639\u062c\u0644",
        sender="\u0644\u064a\u0644\u0649 \u062d\u062f\u0627\u062f <leila@beirut.example>",
        text="\u0645\u0631\u062d\u0628\u0627\u060c\n\n\u0627\u0644\u0641\u0627\u062a\u0648\u0631\u0629"
        " \u0645\u0631\u0641\u0642\u0629.",
    )
    answer = mail(sender="Mara <mara@shop.example>", text="Thank you, Dov! A colleague comes at 14:00.")
    return (
        hebrew.attach(_MINUTES, bytes(61_000)).attach(
            "HP LaserJet \u05ea\u05de\u05d5\u05e0\u05d4.png", photo(320, 200, (90, 60, 120), (230, 180, 120))
        ),
        answer.reply_to(hebrew),
        arabic.attach("\u0641\u0627\u062a\u0648\u0631\u0629.pdf", bytes(93_000)),
    )


def long_names() -> Mail:
    """Give a mail in which nothing is short."""
    made = mail(
        "Re: AW: Fwd: Re: Question about the attachment of the attachment that your colleague, whose name I have"
        " unfortunately forgotten, sent to the whole department the week before last, or the one before that",
        sender="Maximiliane-Friederike von Hohenstein-Sonnenberg-Wittelsbach"
        " <maximiliane-friederike.von-hohenstein-sonnenberg@department-of-administrative-affairs.customer.example>",
    )
    return made.attach("unbreakable_" * 14 + ".tar.gz", bytes(2048)).attach(_LONG, bytes(4096))


def many(count: int) -> list[Mail]:
    """Give a ticket that this many scans came to, thirty with each mail."""
    first = mail("Scans of all delivery notes of October", sender=_CHARLES, text="The first thirty.")
    mails = [first, *(mail(sender=_CHARLES, text="Thirty more.").reply_to(first) for _ in range(count // 30 - 1))]
    for at in range(count):
        each = mails[at // 30]
        mails[at // 30] = each.attach(f"delivery-note-{at + 1:03}.pdf", f"%PDF-1.4 note {at}\n%%EOF".encode() * 300)
    return mails


def unread() -> Mail:
    """Give a mail for a mailbox that answers with an error when it is asked for it."""
    return mail("Elevator inspection", sender="Otis <service@lifts.example>", text="Report attached.")
