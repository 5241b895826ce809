"""The reply's own text without the quoted history. Pure.

Lines are looked at once, each by its beginning only, so the time is linear in the text. What is not surely history
stays: answers written between or below quotes, forwarded mail, signatures.
"""

import re

_MOST_LINES = 6_000
_LONGEST_LINE = 300
_MOST_WRAPPED = 2
_LONGEST_BLOCK = 10
_WORTH_WRAPPING = 60

_FORWARDING_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|doorst|vb|pd|i)\s?:", re.IGNORECASE)
_FORWARD = re.compile(
    r"[-\s]*+(?:begin(?: of)? (?:the )?forwarded message|(?:start of )?forwarded (?:message|by\b|mail\b)"
    r"|anfang der weitergeleiteten|weitergeleitete nachricht|début du message (?:transféré|réexpédié)"
    r"|message transféré|inicio del mensaje reenviado|mensaje reenviado|inizio (?:del )?messaggio inoltrato"
    r"|messaggio inoltrato|begin doorgestuurd bericht|doorgestuurd bericht|início da mensagem (?:re)?encaminhada"
    r"|mensagem (?:re)?encaminhada|treść przekazanej wiadomości|wiadomość przekazana|przekazana wiadomość"
    r"|vidarebefordrat (?:meddelande|brev)|videresendt (?:meddelelse|besked|melding|e-post)"
    r"|start på videresendt|přeposlaná zpráva|začátek přeposlané zprávy|välitetty viesti)"
)
_ORIGINAL = re.compile(
    r"-{2,}+\s*+(?:original(?:[ -](?:message|nachricht|appointment|mail|e-mail))"
    r"|ursprüngliche (?:nachricht|mail|e-mail)|message (?:d['\u2019]origine|original|initial)|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht"
    r"|mensagem original|(?:oryginalna )?wiadomość(?: oryginalna)?|ursprungligt meddelande|originalmeddelande"
    r"|oprindelig (?:meddelelse|besked)|opprinnelig melding|původní (?:zpráva|e-mail)|alkuperäinen viesti)\s*-{2,}"
)
_RULE = re.compile(r"[-_=*]{5,}")
_WROTE = (
    "wrote writes schrieb geschrieben écrit escribió escribio scritto scrive schreef geschreven escreveu napisał"
    " napisała pisze skrev napsal napsala napísal napísala kirjoitti scris írta yazd\u0131 написал написала пишет пише"
)
_VERBS = frozenset(_WROTE.split())
_OPENING = re.compile(
    r"(?:on|at|am|le|el|il|op|em|a|na|w|dnia|den|dne|mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim|pon|wt|śr"
    r"|czw|pt|sob|niedz|man|tir|ons|tor|fre|lør|søn|mån|tis|lör|sön|po|út|st|čt|pá|so|ne)\b|\d"
)
_TIME = re.compile(r"\d[:.h]\d\d(?![\d.])")
_DATE = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2}\b")

_LABELS = {
    "from": "from von de da van od från fra lähettäjä от",
    "date": "sent date gesendet datum envoyé enviado fecha inviato data verzonden wysłano wysłane skickat sendt dato"
    " odesláno lähetetty päivämäärä отправлено дата",
    "to": "to an à a para per aan do till til komu vastaanottaja кому",
    "subject": "subject betreff objet asunto oggetto onderwerp assunto temat ämne emne předmět aihe тема",
}
_KIND_OF_LABEL = {label: kind for kind, labels in _LABELS.items() for label in labels.split()} | {
    "sent on": "date",
    "enviado el": "date",
    "enviada em": "date",
    "envoyé le": "date",
    "от кого": "from",
}
_LONGEST_LABEL = max(map(len, _KIND_OF_LABEL)) + len("* *:")


def without_history(text: str, subject: str = "") -> str:
    """Return the part of a mail's plain `text` that its sender wrote; the whole text where nothing would remain.

    The `subject` tells a forwarded mail, which is kept whole, from a reply where the text looks the same. A text of
    six thousand lines or more is taken for no conversation and returned whole.
    """
    if text.count("\n") >= _MOST_LINES or _FORWARDING_SUBJECT.match(subject):
        return text
    written = text.split("\n")
    lines = [line[:_LONGEST_LINE].strip().casefold() for line in written]
    begin = _history(lines)
    own = "\n".join(written[:begin]).rstrip()
    return own if begin < len(lines) and own.strip() else text


def _history(lines: list[str]) -> int:
    """Return the index of the line where the history begins; the number of lines where there is none."""
    tail = _trailing_quotes(lines)
    kinds = [_label(line) for line in lines]
    for at, line in enumerate(lines[:tail]):
        if _FORWARD.match(line):
            return len(lines)
        if _ORIGINAL.match(line):
            return at
        if kinds[at] and _is_header_block(kinds[at : at + _LONGEST_BLOCK]):
            return _with_rule(lines, at)
        if line.endswith((":", "\uff1a")) and (start := _attribution(lines, at)) is not None:
            after = _next_text(lines, at + 1)
            if after < tail and _is_quoted(lines[after]):
                return len(lines)
            return start
    return tail


def _trailing_quotes(lines: list[str]) -> int:
    """Return where the lines begin that are quoted up to the end, blank lines between and behind them included."""
    first = at = len(lines)
    while at and (not lines[at - 1] or _is_quoted(lines[at - 1])):
        at -= 1
        first = at if lines[at] else first
    return first


def _is_quoted(line: str) -> bool:
    # A mailbox file writes ">From " where a line begins with "From ".
    return line.startswith(">") and not line.startswith(">from ")


def _next_text(lines: list[str], at: int) -> int:
    while at < len(lines) and not lines[at]:
        at += 1
    return at


def _label(line: str) -> str | None:
    label, colon, _ = line[:_LONGEST_LABEL].lstrip("* ").partition(":")
    return _KIND_OF_LABEL.get(label.rstrip("*\xa0 ")) if colon else None


def _is_header_block(kinds: list[str | None]) -> bool:
    """Say whether these lines repeat the header of a mail: who, what, and when or to whom."""
    found = {kind for kind in kinds if kind}
    close = kinds[0] == "from" or any(kinds[1:3])
    return close and found >= {"from", "subject"} and len(found) > 2  # noqa: PLR2004


def _with_rule(lines: list[str], at: int) -> int:
    """Return the line of dashes or underscores above `at`, or `at` where there is none."""
    above = at - 1
    while above >= 0 and not lines[above]:
        above -= 1
    return above if above >= 0 and _RULE.fullmatch(lines[above]) else at


def _attribution(lines: list[str], end: int) -> int | None:
    """Return the first line of an "On … wrote:" that ends in line `end`, `None` where that is something else."""
    first = end
    room = _LONGEST_LINE - len(lines[end])
    while first > max(end - _MOST_WRAPPED, 0) and 0 < len(lines[first - 1]) < room and not _is_quoted(lines[first - 1]):
        first -= 1
        room -= len(lines[first])
    if not _is_attribution(" ".join(lines[first : end + 1]), lines, end):
        return None
    for start in range(first, end):
        joined = " ".join(lines[start : end + 1])
        wrapped = len(joined) > _WORTH_WRAPPING and _DATE.search(lines[start]) and _OPENING.match(joined)
        if wrapped and _is_attribution(joined, lines, end):
            return start
    return end if _is_attribution(lines[end], lines, end) else None


def _is_attribution(line: str, lines: list[str], end: int) -> bool:
    """Judge by the verb, by an address or a point in time, and by what follows; own sentences may end like that."""
    wrote = not _VERBS.isdisjoint(line.replace("(a)", "").rstrip(": \xa0\uff1a").split())
    after = _next_text(lines, end + 1)
    quotes = after < len(lines) and _is_quoted(lines[after])
    if wrote and quotes:
        return True
    return (wrote or quotes) and ("@" in line or (_TIME.search(line) is not None and _DATE.search(line) is not None))
