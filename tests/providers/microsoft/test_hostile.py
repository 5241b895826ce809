"""Whatever is in Graph's JSON, what is made of it can be stored and shown."""

from dataclasses import fields as columns
from dataclasses import is_dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maildock.domain.message import PartKind
from maildock.providers.microsoft import described
from maildock.providers.microsoft.letter import read_letter
from maildock.providers.microsoft.links import links_in
from maildock.providers.microsoft.texts import read_texts

ODD = st.sampled_from("\x00\ud800\u202e<>&\"'=?%/\\\r\n@:;")
NASTY = st.lists(st.characters() | ODD, max_size=40).map("".join)
ANY = st.none() | st.booleans() | st.integers() | st.just(1 << 63) | st.floats() | NASTY | st.lists(NASTY, max_size=2)
PERSON = st.fixed_dictionaries({"emailAddress": st.fixed_dictionaries({"name": ANY, "address": ANY}) | ANY}) | ANY
HEADERS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["Subject", "From", "To", "Date"]) | ANY, "value": ANY})
)
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "internetMessageHeaders": HEADERS | ANY,
        "internetMessageId": ANY,
        "subject": ANY,
        "from": PERSON,
        "toRecipients": st.lists(PERSON, max_size=3) | ANY,
        "body": st.fixed_dictionaries({"contentType": st.sampled_from(["html", "text"]) | ANY, "content": ANY}) | ANY,
        "conversationId": ANY,
        "receivedDateTime": st.datetimes().map(str) | ANY,
        "sentDateTime": st.datetimes().map(str) | ANY,
        "isDraft": ANY,
    },
)
KINDS = st.sampled_from([f"#microsoft.graph.{kind}Attachment" for kind in ("file", "item", "reference", "x")])
ATTACHMENT = st.fixed_dictionaries(
    {"@odata.type": KINDS | ANY, "id": ANY},
    optional=dict.fromkeys(("name", "contentType", "size", "isInline", "contentId", "contentLocation"), ANY),
)


def strings(found: Any) -> list[str]:
    """Give all texts that something holds."""
    if isinstance(found, str):
        return [found]
    if is_dataclass(found):
        return [text for column in columns(found) for text in strings(getattr(found, column.name))]
    return [text for one in found for text in strings(one)] if isinstance(found, tuple) else []


def assert_storable(*found: Any) -> None:
    for text in strings(found):
        text.encode()
        assert "\x00" not in text


@given(MESSAGE)
def test_a_message(content: dict[str, Any]) -> None:
    letter = read_letter(content)
    texts = read_texts(letter.content, is_html=letter.is_html)
    assert_storable(letter.subject, letter.sender, letter.thread_id or "", texts.text, texts.html, texts.digest)


@given(ATTACHMENT, st.booleans())
def test_an_attachment(content: dict[str, Any], shown: bool) -> None:
    about = described.read_attachment(content)
    parts = (
        described.file_part(about, 1, shown=shown),
        described.item_part(about, 1, described.item_form(content)),
        described.skipped_part(about, 1, PartKind.UNSUPPORTED, about.kind),
    )
    assert_storable(*(part for part in parts))
    assert all(part.size is None or 0 <= part.size < 1 << 63 for part in parts)
    assert all(part.file_name and len(part.file_name.encode()) <= 255 for part in parts)


@given(st.lists(st.sampled_from(["<a ", "href=", "'https://x/y'", ">", "</a>", '<A HREF="http://z">', "b", "<", " "])))
def test_links(pieces: list[str]) -> None:
    found = links_in("".join(pieces))
    assert all(link.startswith("http") for link in found.values())


def test_a_megabyte_of_openings_takes_no_time() -> None:
    for piece in ("<a ", "<a href='", "<a href='https://x'>", "<a href=", "<A\n"):
        assert len(links_in(piece * ((1 << 20) // len(piece)))) <= 1000
