"""Requests go to one origin only, and an answer is whole or an error."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from maildock.domain.errors import Unavailable, UsageError
from maildock.providers.http import Answer, Http, Origin, Request, TooLong

OK = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Answers every request with the same bytes, then hangs up."""

    def __init__(self) -> None:
        self.answer = b""
        self.asked: list[bytes] = []
        self.origin = Origin("http", "127.0.0.1", 0)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    async with await asyncio.start_server(server.take, "127.0.0.1", 0) as listening:
        server.origin = Origin("http", "127.0.0.1", listening.sockets[0].getsockname()[1])
        yield server


async def asked(server: Server, answer: bytes, target: str = "/x") -> Answer:
    server.answer = answer
    async with Http() as http:
        return await http.ask(Request("GET", server.origin, target), most=10)


async def test_a_whole_answer_is_given(server: Server) -> None:
    assert (await asked(server, OK + b"Content-Length: 2\r\n\r\nhi")).body == b"hi"


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 3\r\n\r\nhi",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi",
        b"Content-Le",
        b"Content-Length: x\r\n\r\nhi",
    ],
)
async def test_an_answer_that_is_not_whole_or_cannot_be_read_is_an_outage(server: Server, answer: bytes) -> None:
    with pytest.raises(Unavailable):
        await asked(server, OK + answer)


async def test_an_answer_too_long_to_be_read_whole_is_told(server: Server) -> None:
    with pytest.raises(TooLong):
        await asked(server, OK + b"Content-Length: 11\r\n\r\n" + b"x" * 11)


@pytest.mark.parametrize(
    ("head", "known"),
    [
        (b"Content-Length: 2\r\n\r\nhi", True),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"\r\nhi", False),
    ],
)
async def test_whether_the_end_can_be_told_is_said(server: Server, head: bytes, known: bool) -> None:
    server.answer = OK + head
    async with Http() as http, http.stream(Request("GET", server.origin, "/")) as stream:
        assert stream.is_delimited is known


async def test_a_redirect_is_not_followed(server: Server) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"
    assert (await asked(server, moved)).status == 302
    assert len(server.asked) == 1


async def test_a_link_with_blanks_is_one_request_line(server: Server) -> None:
    target = server.origin.target(f"{server.origin}/a b?$filter=x ge 'ü'&y=%2F%27")
    await asked(server, OK + b"Content-Length: 0\r\n\r\n", target)
    assert server.asked[0].startswith(b"GET /a%20b?$filter=x%20ge%20'%C3%BC'&y=%2F%27 HTTP/1.1\r\n")


@pytest.mark.parametrize(
    "link",
    [
        *("https://127.0.0.1/x", "http://127.0.0.1:1/x", "http://localhost/x", "//127.0.0.1/x", "x", ""),
        *("http://127.0.0.1@evil.example/x", "http://127.0.0.1:99999/x", "http://[::1/x", "file:///etc/passwd"),
    ],
)
def test_a_link_to_another_place_is_refused(link: str) -> None:
    with pytest.raises(Unavailable):
        Origin.parse("http://127.0.0.1").target(link)


@pytest.mark.parametrize("url", ["http://graph.example", "https://x/v1.0", "https://u:p@x", "x", "https://", "ftp://x"])
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Origin.parse(url)
