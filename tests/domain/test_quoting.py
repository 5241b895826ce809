import time

import pytest

from maildock.domain.quoting import without_history

OWN = "Yes, please.\n\n-- \nAnn Example\nExample Ltd"

ATTRIBUTIONS = [
    "On Mon, 4 May 2026 at 10:12, Ann Example <ann@customer.example> wrote:",
    "On Monday, May 4, 2026 at 10:12:03 AM GMT+2, Ann <ann@customer.example> wrote:",
    "Ann Example <ann@customer.example> wrote:",
    "Am 04.05.26 um 10:12 schrieb Ann Example:",
    "Am Mo., 4. Mai 2026 um 10:12 Uhr schrieb Ann <ann@customer.example>:",
    "Ann Example <ann@customer.example> schrieb am Mo., 4. Mai 2026, 10:12:",
    "Am 4. Mai 2026 um 10:12 hat Ann Example geschrieben:",
    "Le lun. 4 mai 2026 à 10:12, Ann <ann@customer.example> a écrit :",
    "Le 04/05/2026 à 10:12, Ann a écrit\xa0:",
    "El lun, 4 may 2026 a las 10:12, Ann (<ann@customer.example>) escribió:",
    "Il giorno lun 4 mag 2026 alle ore 10:12 Ann <ann@customer.example> ha scritto:",
    "Op ma 4 mei 2026 om 10:12 schreef Ann <ann@customer.example>:",
    "Op 4 mei 2026 om 10:12 heeft Ann Example het volgende geschreven:",
    "Em seg., 4 de mai. de 2026 às 10:12, Ann <ann@customer.example> escreveu:",
    "W dniu 4.05.2026 o 10:12, Ann Example pisze:",
    "pon., 4 maj 2026 o 10:12 Ann <ann@customer.example> napisał(a):",
    "Den mån 4 maj 2026 kl 10:12 skrev Ann <ann@customer.example>:",
    "Den man. 4. maj 2026 kl. 10.12 skrev Ann <ann@customer.example>:",
    "man. 4. mai 2026 kl. 10:12 skrev Ann <ann@customer.example>:",
    "po 4. 5. 2026 v 10:12 odesílatel Ann <ann@customer.example> napsal:",
    "Dne 04. 05. 26 v 10:12 Ann Example napsal(a):",
    "On Mon, 4 May 2026 at 10:12, Ann Example of the Long Company Name <\nann@customer.example> wrote:",
    "Am Montag, 4. Mai 2026 um 10:12 schrieb Ann Example\n(Einkauf) via Portal\n<ann@customer.example>:",
    "Am 04.05.2026 um\n10:12 schrieb Ann Example aus der Abteilung für alles Mögliche:",
    "2026年5月4日 10:12 Ann <ann@customer.example> 写道\uff1a",
]

HEADERS = [
    ("From", "Sent", "To", "Subject"),
    ("*From", "*Date", "*To", "*Subject"),
    ("Von", "Gesendet", "An", "Betreff"),
    ("De ", "Envoyé ", "À ", "Objet "),
    ("De", "Enviado el", "Para", "Asunto"),
    ("Da", "Inviato", "A", "Oggetto"),
    ("Van", "Verzonden", "Aan", "Onderwerp"),
    ("De", "Enviado", "Para", "Assunto"),
    ("Od", "Wysłano", "Do", "Temat"),
    ("Från", "Skickat", "Till", "Ämne"),
    ("Fra", "Sendt", "Til", "Emne"),
    ("Od", "Odesláno", "Komu", "Předmět"),
]

SEPARATORS = [
    "",
    "_" * 32 + "\n",
    "-----Original Message-----\n",
    "-----Ursprüngliche Nachricht-----\n",
    "-" * 40 + "\n\n",
]


def block(labels: tuple[str, ...]) -> str:
    values = ("Ann Example <ann@customer.example>", "Monday, 4 May 2026 10:12", "Desk", "Printer")
    return "\n".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True))


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_quotes_below_an_attribution_go(attribution: str) -> None:
    assert without_history(f"{OWN}\n\n{attribution}\n\n> Shall we?\n>\n> Ann\n") == OWN


@pytest.mark.parametrize("attribution", ATTRIBUTIONS[:-1])
def test_history_without_quote_marks_goes(attribution: str) -> None:
    assert without_history(f"{OWN}\n\n{attribution}\n\nShall we?\nAnn\n") == OWN


@pytest.mark.parametrize("labels", HEADERS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_an_outlook_header_begins_history(labels: tuple[str, ...], separator: str) -> None:
    assert without_history(f"{OWN}\n\n{separator}{block(labels)}\n\nShall we?\n") == OWN


def test_a_header_with_blank_lines_between_begins_history() -> None:
    assert without_history(f"{OWN}\n\n" + block(HEADERS[0]).replace("\n", "\r\n\r\n")) == OWN


def test_quotes_at_the_end_go_without_an_attribution() -> None:
    assert without_history(f"{OWN}\r\n\r\n> one\r\n>> two\r\n\r\n> three\r\n") == OWN


@pytest.mark.parametrize("below", ["My answer.", "> more\n\nNo.\n\n> yet more"])
def test_answers_below_quotes_are_kept_with_them(below: str) -> None:
    text = f"Hello,\n\n{ATTRIBUTIONS[0]}\n> Shall we?\n\n{below}\nAnn"
    assert without_history(text) == text


@pytest.mark.parametrize(
    "marker",
    [
        "---------- Forwarded message ---------",
        "-------- Weitergeleitete Nachricht --------",
        "-------- Message transféré --------",
        "Begin forwarded message:",
        "Anfang der weitergeleiteten Nachricht:",
    ],
)
def test_a_forwarded_mail_is_kept(marker: str) -> None:
    text = f"See below.\n\n{marker}\n{block(HEADERS[0])}\n\nThe content.\n\n{ATTRIBUTIONS[0]}\n> old\n"
    assert without_history(text) == text


@pytest.mark.parametrize("subject", ["Fwd: Printer", "FW: Printer", "WG: Drucker", "TR : Imprimante"])
def test_the_subject_tells_a_forwarded_mail_from_a_reply(subject: str) -> None:
    text = f"See below.\n\n{block(HEADERS[0])}\n\nThe content."
    assert without_history(text, subject) == text
    assert without_history(text, f"Re: {subject}") == "See below."


def test_a_forward_inside_the_history_is_history() -> None:
    text = f"{OWN}\n\n{ATTRIBUTIONS[0]}\n\n---------- Forwarded message ---------\nFrom: A\n"
    assert without_history(text) == OWN


@pytest.mark.parametrize(
    "text",
    [
        "From: Paris\nTo: Rome\nDate: 4 May\nplease book it",
        "On page 3 of the manual you wrote:\nturn it off",
        "On 4 May 2026 I wrote:\nplease turn it off",
        "Missing:\n- one\n- two\n-----\nPlease send.",
        "2 > 1, and\n>From here on it is mine",
        "The subject: printers\nFrom: me",
        "Hello\n\n \n",
        "The bounced header was:\nDate: 4 May\nX-Sid: 1\nReceived: x\nFrom: a\nSubject: b\n",
        "  indented\n\n\tcode:\n  x = 1  ",
    ],
)
def test_own_words_are_kept(text: str) -> None:
    assert without_history(text) == text


@pytest.mark.parametrize("text", ["", "> all\n> of it", f"{ATTRIBUTIONS[0]}\n> old", block(HEADERS[0]), "\n \n"])
def test_the_whole_text_is_kept_where_nothing_would_remain(text: str) -> None:
    assert without_history(text) == text


def test_a_short_sentence_above_an_attribution_stays() -> None:
    assert without_history(f"On it!\n{ATTRIBUTIONS[0]}\n> old") == "On it!"


HOSTILE = {
    "quote marks": ">",
    "quoted lines": ">\n",
    "blank lines": "\n",
    "blanks": " ",
    "one line": "a",
    "openings": "On ",
    "opening lines": "On 2026 ann@x " + "a " * 45 + "\n",
    "attributions in vain": "On 2026 " + "a " * 45 + " wrote:\n",
    "colons": "2026-05-01 10.1:" + ":" * 100 + "\n",
    "dashes": "-" * 104 + "\n",
    "dashes and blanks": "- " * 498 + ":\n",
    "labels": "From: " + "a" * 99 + "\n",
    "short labels": "From:\n",
    "digits": "1." * 52 + ":\n",
    "quotes and answers": "a wrote:\n> b\n" + "a" * 200 + "\n",
}


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_mebibyte_takes_milliseconds(unit: str) -> None:
    text = (unit * (2**20 // len(unit) + 1))[: 2**20]
    spent = []
    for _ in range(3):
        start = time.process_time()
        without_history(text)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.05
