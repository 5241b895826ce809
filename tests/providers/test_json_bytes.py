"""The decoder of Gmail's answers, against `json` and `base64` on whole answers."""

import base64
import itertools
import json
import tracemalloc
from collections.abc import Iterable
from typing import Any

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from maildock.domain.errors import Corrupt
from maildock.providers.json_bytes import MOST_AROUND, FieldDecoder
from tests.mail import mail
from tests.servers.gmail import GmailServer
from tests.servers.gmail_client import ADDRESS, GmailClient, by_id


def decoded(pieces: Iterable[bytes], field: str = "data") -> tuple[bytes, int | None]:
    decoder = FieldDecoder(field)
    data = b"".join([decoder.feed(piece) for piece in pieces] + [decoder.finish()])
    assert decoder.length == len(data)
    return data, decoder.declared


def halves(answer: bytes) -> Iterable[tuple[bytes, bytes]]:
    return ((answer[:at], answer[at:]) for at in range(len(answer) + 1))


def singly(answer: bytes) -> list[bytes]:
    return [answer[at : at + 1] for at in range(len(answer))]


def reference(answer: bytes, field: str = "data") -> bytes:
    text = json.loads(answer)[field]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4) if "=" not in text else text)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """An answer, with other fields before and behind its data, and what is in it."""
    data = draw(st.binary(max_size=40))
    text = base64.urlsafe_b64encode(data).decode()
    text = text.rstrip("=") if draw(st.booleans()) else text
    fields: list[tuple[str, Any]] = [("data", text), ("size", len(data))]
    others = draw(st.dictionaries(st.text().filter(lambda key: key not in {"data", "size"}), ANYTHING, max_size=3))
    ordered = draw(st.permutations([*fields, *others.items()]))
    written = json.dumps(dict(ordered), indent=draw(st.none() | st.integers(0, 2)), ensure_ascii=draw(st.booleans()))
    for plain, escaped in (("=", "\\u003d"), ("-", "\\u002D"), ("_", "\\u005f")):
        # Outside of strings there is a `-` in numbers alone.
        if draw(st.booleans()) and (plain != "-" or not others):
            written = written.replace(plain, escaped)
    blanks = draw(st.text(alphabet=" \t\r\n", max_size=3))
    return (blanks + written + blanks).encode(), data


@given(answers())
@example((b'{"data":"\\u002d\\u002d\\u002D__w\\u003d\\u003d","size":4}', b"\xfb\xef\xbf\xff"))
def test_every_split_gives_what_json_and_base64_give(case: tuple[bytes, bytes]) -> None:
    answer, data = case
    assert reference(answer) == data
    assert decoded(singly(answer)) == (data, len(data))
    for pieces in halves(answer):
        assert decoded(pieces) == (data, len(data))


@given(answers(), st.data())
def test_what_is_damaged_is_refused_or_reads_as_json_reads_it(case: tuple[bytes, bytes], data: st.DataObject) -> None:
    answer, _ = case
    broken = bytearray(answer)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(
            st.sampled_from(b'"\\{}[]:,=Aa0-_/ue \n\x00\xff')
        )
    try:
        read = decoded([bytes(broken)])[0]
    except Corrupt:
        read = None
    for pieces in halves(bytes(broken)):
        assert_same(pieces, read)
    if read is not None:
        assert read == reference(bytes(broken).decode("utf-8", "replace").encode())


def assert_same(pieces: Iterable[bytes], read: bytes | None) -> None:
    if read is not None:
        assert decoded(pieces)[0] == read
        return
    with pytest.raises(Corrupt):
        decoded(pieces)


@given(answers())
def test_no_beginning_of_an_answer_passes_for_the_whole(case: tuple[bytes, bytes]) -> None:
    answer = case[0].strip()
    for at in range(len(answer)):
        with pytest.raises(Corrupt):
            decoded([answer[:at]])


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"null", b"[]", b'"QQ"', b"{}", b'{"size":1}', b'{"size":1,"date":"QQ"}', b"<html>"),
        *(b'{"data":null}', b'{"data":7}', b'{"data":{}}', b'{"data":["QQ"]}', b'{"data":true}'),
        *(b'{"data":"QQ","size":"1"}', b'{"data":"QQ","size":-1}', b'{"data":"QQ","size":1.0}', b'{"size":[1]}'),
        *(
            b'{"data":"Q"}',
            b'{"data":"QQ="}',
            b'{"data":"QQ==QQ=="}',
            b'{"data":"QQ==Q"}',
            b'{"data":"Q==="}',
            b'{"data":"+\\/+/"}',
        ),
        *(b'{"data":"QQ QQ"}', b'{"data":"QQ\\nQQ"}', b'{"data":"QQ\nQQ"}', b'{"data":"Q\xc3\xa4QQ"}'),
        *(b'{"data":"QQ\\\\u003d\\u003d"}', b'{"data":"QQ\\u00e4Q"}', b'{"data":"QQ\\"QQ"}', b'{"data":"QQ\\uD83D"}'),
        *(b'{"data":"QQ', b'{"data":"QQ"', b'{"data":"QQ}', b'{"data":"QQ\\u003d\\u00"}', b'{"data":"QQ\\'),
        *(b'{"data":"QQ"}x', b'{"data":"QQ"}{}', b'{"data":"QQ"}}', b'{"data":"QQ",}', b'{,"data":"QQ"}'),
        *(b'{"data":"QQ" "size":1}', b'{"data" "QQ"}', b'{data:"QQ"}', b"{'data':'QQ'}", b'{"data"::"QQ"}'),
        *(b'{"a":[1,],"data":"QQ"}', b'{"a":[1},"data":"QQ"}', b'{"a":01,"data":"QQ"}', b'{"a":nul,"data":"QQ"}'),
        *(b'{"a":"\\x","data":"QQ"}', b'{"a":"\t","data":"QQ"}', b'{"a":"\\u12","data":"QQ"}', b'{"a":+1,"data":"QQ"}'),
        *(b'{"data":"QQ","data":"QQ"}', b'{"a":{"data":"QQ"}}', b'{"data\\u0000":"QQ"}', b'{"Data":"QQ"}'),
    ],
)
def test_an_answer_that_is_not_whole_and_right_is_corrupt(answer: bytes) -> None:
    for pieces in (*halves(answer), singly(answer)):
        with pytest.raises(Corrupt):
            decoded(pieces)


def test_another_size_than_declared_is_kept_and_told() -> None:
    assert decoded([b'{"size":9,"data":"QUJD"}']) == (b"ABC", 9)
    assert decoded([b'{"data":"QUJD"}']) == (b"ABC", None)


@pytest.mark.parametrize("answer", [b'{"size":0}', b'{"size":0,"data":""}', b'{"attachmentId":"x","size": 0 }'])
def test_an_empty_file_may_come_without_data(answer: bytes) -> None:
    assert decoded([answer]) == (b"", 0)


def test_a_whole_mail_is_in_another_field() -> None:
    answer = b'{"id":"1","labelIds":["data"],"payload":{"raw":7},"sizeEstimate":3,"raw":"QUJD","data":[]}'
    assert decoded([answer], "raw") == (b"ABC", None)


def test_a_key_may_be_escaped() -> None:
    assert decoded(singly(b'{"d\\u0061ta":"QUJD","s\\u0069ze":3}')) == (b"ABC", 3)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"1" * 1_000_000,
        b'{"size":' + b"9" * 30 + b"}",
        b'{"a":[1' + b",1" * 100_000,
    ],
)
def test_what_is_too_deep_or_too_long_is_corrupt(answer: bytes) -> None:
    with pytest.raises(Corrupt):
        decoded([answer])


@pytest.mark.parametrize(
    ("head", "piece", "tail"),
    [
        (b'{"data":"', b"QUJD" * 16384, b'"}'),
        (b'{"data":"', b"\\u0051\\u0055JD" * 4096, b'"}'),
        (b'{"x":"', b"\\u0051text" * 4096, b'","data":"QUJD"}'),
        (b'{"', b"name" * 16384, b'":1,"data":"QUJD"}'),
        (b'{"x":[1', b',{"a":[null,"b"]}' * 128, b'],"data":"QUJD"}'),
        (b"{", b" \t\r\n" * 16384, b'"data":"QUJD"}'),
    ],
)
def test_memory_does_not_grow_with_the_answer(head: bytes, piece: bytes, tail: bytes) -> None:
    decoder = FieldDecoder()
    decoder.feed(head + piece)
    tracemalloc.start()
    try:
        for _ in range(40):
            decoder.feed(piece)
        assert decoder.feed(tail)[-3:] in {b"ABC", b""}
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    decoder.finish()


async def test_what_the_local_gmail_sends_is_read() -> None:
    data = bytes(range(256)) * 5000
    async with GmailServer() as gmail, aiohttp.ClientSession() as session:
        sent = mail("Photos").attach("a.bin", data)
        message = gmail.mailbox(ADDRESS).deliver(sent)
        client = GmailClient(gmail, session)
        await client.log_in()
        token = by_id(await client.read(message))["1"]["body"]["attachmentId"]
        at = f"{gmail.url}/gmail/v1/users/me/messages/{message.message_id}"
        for _ in range(8):
            async with session.get(f"{at}/attachments/{token}", headers=client.headers) as response:
                assert decoded([piece async for piece in response.content.iter_any()]) == (data, len(data))
            async with session.get(f"{at}?format=raw", headers=client.headers) as response:
                assert decoded([piece async for piece in response.content.iter_any()], "raw") == (sent.raw(), None)


@pytest.mark.parametrize("piece", [b" " * 65536, b'"%s",' % (b"x" * 65536)], ids=["blanks", "strings"])
def test_an_answer_without_end_is_given_up(piece: bytes) -> None:
    pieces = itertools.chain([b'{"data":"QQ","more":['], itertools.repeat(piece))
    with pytest.raises(Corrupt):
        decoded(itertools.islice(pieces, 2 * MOST_AROUND // len(piece)))
