"""What a help desk hears in a day: mails that nobody looks at closely, for lists and charts."""

import random
from collections.abc import Iterator
from email.utils import formataddr

from tests.mail import Mail, mail

_PEOPLE = (
    "Grace Hopper <grace@harbour-freight.example>",
    "Chidi Okafor <chidi.okafor@lagos-logistics.example>",
    "Marie Curie <m.curie@radium.example>",
    formataddr(("José Peña", "jose@panaderia-sol.example")),
    "Alan Turing <alan@bombe.example>",
    "Wei Zhang <wei.zhang@eastwind.example>",
    "Dispatch <noreply@parcels.example>",
)
_BUSY = range(7, 19)
_ANSWERS, _WITH_LOGO = 0.45, 0.35
# Subject, text, and files: a name, and a size in KiB.
_TALK: tuple[tuple[str, str, tuple[tuple[str, int], ...]], ...] = (
    ("VPN drops every ten minutes", "Since the update. The log is attached.", (("vpn.log", 180),)),
    ("Invoice 2026-1183", "Please find our invoice attached.", (("Invoice 2026-1183.pdf", 240),)),
    ("New starter on Monday", "Desk 14, please. Her contract and photo.", (("contract.pdf", 410), ("photo.jpg", 960))),
    ("The scanner sends empty pages", "See the sample.", (("scan_0001.pdf", 720), ("scan_0002.pdf", 690))),
    ("Password reset for the till", "It is locked, and the shop opens at nine.", ()),
    ("Quarterly figures, first draft", "Comments welcome.", (("Q3 draft.xlsx", 530), ("Q3 charts.pptx", 1900))),
    ("Water under the server rack", "It is only a little. So far.", (("IMG_0412.jpg", 2100), ("IMG_0413.jpg", 1800))),
    ("Meeting room 3: no sound", "The screen works.", ()),
    ("Delivery note for order 77120", "As promised.", (("delivery-note-77120.pdf", 130),)),
    ("Laptop battery swollen", "I have switched it off. Pictures attached.", (("battery.jpg", 1500),)),
    ("Access to the finance share", "My manager has agreed, see her mail.", ()),
    ("Phishing? Please have a look", "I did not click.", (("suspicious.eml", 40),)),
    ("Backup report: 2 warnings", "Job nightly ended with 2 warnings.", (("report.html", 60), ("report.csv", 25))),
    ("Keyboard with a Spanish layout", "For our new colleague, please.", ()),
    ("Floor plan for the move", "Sockets are marked in red.", (("floor plan 2.pdf", 2600),)),
    ("Contract renewal", "Signed on our side.", (("contract-signed.pdf", 870), ("terms.docx", 220))),
    ("Till 4 prints no receipts", "The roll is new.", (("till4.mp4", 3400),)),
    ("Calendar shows the wrong time zone", "By one hour, since Sunday.", (("meeting.ics", 3),)),
)


def hours(count: int) -> Iterator[list[Mail]]:
    """Give the mails of this many hours, the same each time; some answer what came before."""
    chance = random.Random(17)  # noqa: S311 - it has to be the same day each time
    asked: list[Mail] = []
    talk = _endless()
    for hour in range(count):
        mails = []
        for _ in range(chance.choice((1, 2, 2, 3)) if hour in _BUSY else chance.choice((0, 1, 1, 2))):
            if asked and chance.random() < _ANSWERS:
                mails.append(_answer(chance.choice(asked[-6:]), chance))
            else:
                mails.append(_story(next(talk), chance))
                asked.append(mails[-1])
        yield mails


def _endless() -> Iterator[tuple[str, str, tuple[tuple[str, int], ...]]]:
    yield from _TALK
    for number in range(1, 100):
        yield f"Order 7{7120 + number * 13}", "Confirmed, see attached.", ((f"order-{number:03}.pdf", 90 + number * 7),)


def _story(told: tuple[str, str, tuple[tuple[str, int], ...]], chance: random.Random) -> Mail:
    subject, text, files = told
    made = mail(subject, sender=chance.choice(_PEOPLE), text=f"Hello,\n\n{text}\n\nKind regards")
    for name, size in files:
        made = made.attach(name, chance.randbytes(size * 1024 + chance.randrange(1024)))
    if chance.random() < _WITH_LOGO:
        logo = chance.randbytes(4200)
        made = made.html(f"<p>{text}</p><img src='cid:logo' alt='Logo'>").inline("logo.png", logo, cid="logo")
    return made


def _answer(first: Mail, chance: random.Random) -> Mail:
    said = chance.choice(("Any news?", "That works, thank you.", "One more page, sorry.", "It is back again."))
    made = mail(sender=first.sender, text=said).reply_to(first)
    if "page" in said:
        made = made.attach("page 2.pdf", chance.randbytes(chance.randrange(100_000, 900_000)))
    return made
