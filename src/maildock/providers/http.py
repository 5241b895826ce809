"""Requests to a vendor: to one origin only, never redirected, with a time-out on every phase.

What is wrong with the connection is `Unavailable` here, whatever the library calls it; what a vendor means by a status
is for its own client to say.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import SplitResult, quote, urlsplit

from maildock.domain.errors import Unavailable, UsageError

if TYPE_CHECKING:
    import aiohttp

CONNECT_SECONDS = 10.0
SILENT_SECONDS = 60.0  # between two pieces of an answer, and before the first
GRACE_SECONDS = 60.0
SLOWEST = 32 * 1024  # bytes a second, beyond the grace
LARGEST_ANSWER = 16 << 20  # of those that are read whole
_BUFFER = 256 * 1024
_LONGEST_SHOWN = 300
_DEFAULT_PORTS = {"http": 80, "https": 443}
_IN_TARGETS = "%!$&'()*+,/:;=?@[]~"


class TooLong(Unavailable):
    """The answer is longer than what is read whole."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme, host and port (RFC 6454); the only place that a client ever talks to."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `https://host[:port]`; plain http is for loopback only. Raises `UsageError`."""
        try:
            parts = urlsplit(url.strip())
            origin = cls(*_place(parts))
        except ValueError as problem:
            raise UsageError(f"{url!r} is not an address such as https://graph.example") from problem
        extra = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
        if origin.scheme not in _DEFAULT_PORTS or not origin.host or extra:
            raise UsageError(f"{url!r} must be an origin such as https://graph.example, without a path")
        if origin.scheme == "http" and not origin.is_loopback:
            raise UsageError(f"{url!r} must be https; plain http is for this machine only")
        return origin

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """Write it as a URL; a usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _DEFAULT_PORTS[self.scheme]
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"

    def target(self, link: str) -> str:
        """Give the path and query of a vendor's link; raises `Unavailable` where it leads to any other origin."""
        try:
            parts = urlsplit(link)
            found = _place(parts)
        except ValueError as problem:
            raise Unavailable(f"{self.host} sent a link that cannot be read") from problem
        if found != (self.scheme, self.host, self.port) or not parts.path.startswith("/"):
            raise Unavailable(f"{self.host} sent a link to another place; it is not followed")
        # What a vendor left unencoded, blanks above all, would end the request line.
        return quote(f"{parts.path}?{parts.query}" if parts.query else parts.path, safe=_IN_TARGETS)


def _place(url: SplitResult) -> tuple[str, str, int]:
    return url.scheme, (url.hostname or "").lower(), url.port or _DEFAULT_PORTS.get(url.scheme, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `target` is the path and query, already percent-encoded."""

    method: str
    origin: Origin
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read whole; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object; raises `Unavailable` where it is none."""
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise Unavailable(f"an answer of status {self.status} is no JSON") from problem
        if not isinstance(content, dict):
            raise Unavailable(f"an answer of status {self.status} is no JSON object")
        return content


class Stream:
    """An answer whose body is still to come."""

    def __init__(self, response: "aiohttp.ClientResponse", host: str) -> None:
        self._response = response
        self._host = host
        self.status = response.status
        self.headers = _lower(response.headers)

    @property
    def is_delimited(self) -> bool:
        """Whether the end of the answer can be told from a connection that broke off (RFC 9112, 6.3)."""
        return "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it comes; ends without an error only when it is whole.

        Slow answers are cut off: each has a minute, and another second for every 32 KiB that came.
        """
        if self.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise Unavailable(f"{self._host} compressed its answer though that was not asked for")
        clock = asyncio.get_running_loop().time
        begun, received = clock(), 0
        with _translated(self._host):
            async for chunk in self._response.content.iter_any():
                received += len(chunk)
                if clock() - begun > GRACE_SECONDS + received / SLOWEST:
                    raise Unavailable(f"{self._host} sends too slowly")
                yield chunk

    async def whole(self, most: int = LARGEST_ANSWER) -> Answer:
        """Read the body into memory; raises `TooLong` when it is longer than `most` bytes."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > most:
                raise TooLong(f"{self._host} sent an answer of more than {most} bytes")
        return Answer(self.status, self.headers, bytes(body))


class Http:
    """Connections to vendors, kept open and used again; opened by `async with`."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> "aiohttp.ClientSession":
        if self._session is None:
            # Most commands never ask a vendor, and this takes longer to import than they take to run.
            import aiohttp  # noqa: PLC0415

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS),
                headers={"User-Agent": "maildock", "Accept-Encoding": "identity"},
                read_bufsize=_BUFFER,
                auto_decompress=False,
                trust_env=False,
            )
        return self._session

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Send a request and give its answer once the headers are there; the body is dropped at the end."""
        from yarl import URL  # noqa: PLC0415 - it comes with aiohttp

        host = request.origin.host
        with _translated(host):
            response = await self._open().request(
                request.method,
                # Encoded by us: a second encoding would make other ids of Microsoft's.
                URL(f"{request.origin}{request.target}", encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
            )
        try:
            yield Stream(response, host)
        finally:
            # What was not read is not waited for; an answer that was read whole leaves its connection to the next.
            response.close()

    async def ask(self, request: Request, most: int = LARGEST_ANSWER) -> Answer:
        """Send a request and read its answer whole."""
        async with self.stream(request) as stream:
            return await stream.whole(most)


@contextmanager
def _translated(host: str) -> Iterator[None]:
    """Turn the library's errors into `Unavailable`, with their cause."""
    import aiohttp  # noqa: PLC0415

    try:
        yield
    except TimeoutError as problem:
        raise Unavailable(f"{host} did not answer in time") from problem
    except aiohttp.ClientConnectorError as problem:
        raise Unavailable(f"{host} cannot be reached: {problem.os_error.strerror or problem.os_error}") from problem
    except aiohttp.ClientPayloadError as problem:
        raise Unavailable(f"{host} broke off its answer") from problem
    except (aiohttp.ClientError, OSError) as problem:
        raise Unavailable(f"the connection to {host} failed: {type(problem).__name__}") from problem


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def shown(text: object) -> str:
    """Write what a vendor said so that it fits a line: printable, and not endless."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return line[:_LONGEST_SHOWN]
