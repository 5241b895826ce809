"""Words to find things by: folded, so that case, accents and widths do not count, and bounded, whatever is sent."""

import re
import unicodedata

LONGEST = 40  # characters of a word that count
MOST_WORDS = 400
MOST_TERMS = 6

_NUMBER = re.compile(r"#([0-9]{1,9})|\[#([0-9]{1,9})\]")
_BARE_NUMBER = re.compile(r"[0-9]{1,9}")
_WORD = re.compile(r"[^\W_]+")
# Written without spaces between words, so a person looks for what stands in the middle.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff]")
_TEXT = 20_000  # characters that are looked at


def words(text: str) -> list[str]:
    """Give the words that a text is found by, sorted."""
    found: set[str] = set()
    for match in _WORD.finditer(_folded(text)):
        word = match[0]
        starts = range(min(len(word), LONGEST)) if _UNSPACED.search(word) else (0,)
        found.update(word[start : start + LONGEST] for start in starts)
        if len(found) >= MOST_WORDS:
            break
    return sorted(found)[:MOST_WORDS]


def terms(query: str) -> list[str]:
    """Give the beginnings of words that a person looks for; whatever is found must have all of them."""
    found = [match[0][:LONGEST] for match in _WORD.finditer(_folded(query))]
    return list(dict.fromkeys(found))[:MOST_TERMS]


def ticket_number(query: str) -> int | None:
    """Give the number of the one ticket that `#12` or `[#12]` means."""
    meant = _NUMBER.fullmatch(query.strip())
    return int(meant[1] or meant[2]) if meant else None


def bare_number(query: str) -> int | None:
    """Give the number of the ticket that `12` may mean, beside all else that it may."""
    query = query.strip()
    return int(query) if _BARE_NUMBER.fullmatch(query) else None


def past(beginning: str) -> str:
    """Give what sorts, bytewise, after every word that begins so."""
    return beginning + "\U0010ffff"


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text[:_TEXT])
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn").casefold()
