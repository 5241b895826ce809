"""Transfer encodings undone in a stream: how the bytes are cut into chunks never matters."""

import base64
import binascii
import itertools
import quopri
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maildock.mime.base64 import Base64
from maildock.mime.content import Codec, Decoder, Identity, Locator, byte_range, decode, encoding_of
from maildock.mime.quopri import QuotedPrintable
from maildock.mime.uublocks import BlockFinder
from maildock.mime.uuencode import Uuencode

CODECS: list[Callable[[], Codec]] = [Identity, Base64, QuotedPrintable, Uuencode]
# What the decoders look at, rather than any byte.
TROUBLE = [
    b"=",
    b"==",
    b"=\r",
    b"=\r\n",
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"=3D",
    b"=e9",
    b"=x",
    b"QUJD",
    b"QQ==",
    b"Q",
]
TROUBLE += [b"\x00\xff", b"begin 644 a\n", b"end\n", b"`\n", b"#86)C\n", b"M", b"_____ list footer"]
encoded = st.lists(st.sampled_from(TROUBLE) | st.binary(max_size=4), max_size=30).map(b"".join)
cuts = st.lists(st.integers(0, 200), max_size=12)
data = st.binary(max_size=300)


def pieces(whole: bytes, at: list[int]) -> list[bytes]:
    """Cut `whole` at these offsets, empty pieces included."""
    edges = [0, *sorted(min(one, len(whole)) for one in at), len(whole)]
    return [whole[start:end] for start, end in itertools.pairwise(edges)]


def run(codec: Codec, chunks: list[bytes]) -> bytes:
    return b"".join(map(codec.feed, chunks)) + codec.finish()


def uuencoded(payload: bytes, name: str = "a.bin") -> bytes:
    lines = (binascii.b2a_uu(payload[at : at + 45]) for at in range(0, len(payload), 45))
    return b"begin 644 " + name.encode() + b"\n" + b"".join(lines) + b"`\nend\n"


@pytest.mark.parametrize("codec", CODECS)
@given(whole=encoded, at=cuts)
@example(whole=b"=\r\n=\r", at=[1, 2, 4])
@example(whole=b"QUJDQQ==\nRA==\n--\nfooter", at=list(range(25)))
def test_chunks_never_matter(codec: Callable[[], Codec], whole: bytes, at: list[int]) -> None:
    assert run(codec(), pieces(whole, at)) == run(codec(), [whole])


@given(whole=encoded, at=cuts, window=st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_chunks_never_matter_in_a_window(whole: bytes, at: list[int], window: tuple[int, int]) -> None:
    locator = str(Locator(0, len(whole), "qp", window))
    assert run(Decoder(locator), pieces(whole, at)) == run(Decoder(locator), [whole])


@given(payload=data, at=cuts)
def test_base64_gives_back_what_was_encoded(payload: bytes, at: list[int]) -> None:
    assert run(Base64(), pieces(base64.encodebytes(payload), at)) == payload


@given(payload=data, junk=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(b"\r\n\t !*-_\x00\xff")), max_size=9))
def test_junk_in_base64_is_left_out(payload: bytes, junk: list[tuple[int, int]]) -> None:
    text = base64.b64encode(payload).rstrip(b"=")
    for at, byte in junk:
        text = text[:at] + bytes([byte]) + text[at:]
    assert run(Base64(), [text]) == payload


def test_concatenated_base64_is_joined_and_a_footer_left_out() -> None:
    text = b"QQ==\r\nQg==\r\n\r\n_______\r\nlist mailing list\r\nhttp://list.example/\r\n"
    assert run(Base64(), [text]) == b"AB"


@given(payload=data, at=cuts)
def test_quoted_printable_gives_back_what_was_encoded(payload: bytes, at: list[int]) -> None:
    text = quopri.encodestring(payload.replace(b"\r", b""), quotetabs=True)
    assert run(QuotedPrintable(), pieces(text, at)) == payload.replace(b"\r", b"")


def test_malformed_escapes_stay() -> None:
    assert run(QuotedPrintable(), [b"a=zz b= c=\n=3d=\r\nd="]) == b"a=zz b= c=d"
    assert run(QuotedPrintable(), [b"a= \t", b" \r", b"\nb=", b" c"]) == b"ab= c"


@given(payload=data, at=cuts)
def test_uuencoding_gives_back_what_was_encoded(payload: bytes, at: list[int]) -> None:
    assert run(Uuencode(), pieces(b"preamble\n\n" + uuencoded(payload) + b"after\n", at)) == payload


@given(payload=data, at=cuts, zeros=st.integers(0, 120))
@example(payload=b"BM", at=[], zeros=120)
def test_a_uuencoded_file_in_a_text_is_found_without_the_blanks_at_the_ends_of_its_lines(
    payload: bytes, at: list[int], zeros: int
) -> None:
    payload = b"A" + payload + bytes(zeros)
    sent = uuencoded(payload)
    stripped = b"".join(line.rstrip() + b"\n" for line in sent.split(b"\n")[:-1])
    for written in (sent, stripped):
        finder = BlockFinder(9, 1000)
        text = b"".join(finder.feed(piece) for piece in pieces(b"Hello,\n" + written + b"bye\n", at)) + finder.finish()
        assert text == b"Hello,\nbye\n"
        assert run(Uuencode(), [written]) == payload


def test_uuencoding_without_a_begin_line_is_decoded() -> None:
    assert run(Uuencode(), [uuencoded(b"data").partition(b"\n")[2]]) == b"data"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"base64 ", "base64"),
        (b"BASE64; charset=x", "base64"),
        (b'"base64"', "base64"),
        (b"(a comment) quoted-printable", "qp"),
        (b"X-UUENCODE", "uu"),
        (b"x-unknown", "id"),
        (b"", "id"),
        (None, "id"),
    ],
)
def test_an_encoding_is_known_however_it_is_written(header: bytes | None, name: str) -> None:
    assert encoding_of(header) == name


@given(
    start=st.integers(0, 1 << 40),
    size=st.integers(0, 1 << 40),
    encoding=st.sampled_from(["id", "base64", "qp", "uu"]),
    window=st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99)),
)
def test_a_locator_is_read_back(start: int, size: int, encoding: str, window: tuple[int, int] | None) -> None:
    locator = Locator(start, start + size, encoding, window)
    assert Locator.parse(str(locator)) == locator
    assert byte_range(str(locator)) == (start, start + size)


@pytest.mark.parametrize("text", ["", "1+2", "1+2;zip", "a+2;id", "1+2;id;3", "1+2;id\n", "\u0661+2;id"])
def test_what_is_no_locator_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a locator"):
        Locator.parse(text)


def test_no_chunk_is_ever_empty() -> None:
    assert list(decode("0+9;base64", [b"", b"Q", b"U", b"JD", b""])) == [b"ABC"]
