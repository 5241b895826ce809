"""Who is at the door: the session behind a request, and whether a form really came from our own pages."""

import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from maildock.access.login import Person, recognise
from maildock.flow.context import Context
from maildock.tables.session import TenantSession
from maildock.web.pages.refusals import NeedsLogin, bad_request, for_admins, stale_form, too_large

_LONGEST_FORM = 64 * 1024  # bytes
_MOST_FIELDS = 50
_MOST_FILES = 2


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by somebody who is logged in; `csrf` goes into every form, `path` names the page in the navigation."""

    context: Context
    person: Person
    csrf: str
    path: str

    @property
    def tenant(self) -> UUID:
        """The tenant whose pages these are."""
        return self.person.tenant

    @property
    def is_admin(self) -> bool:
        """Whether the person may see the mailboxes."""
        return self.person.role == "admin"

    def session(self) -> AbstractAsyncContextManager[TenantSession]:
        """Open a transaction of the person's tenant."""
        return self.context.database.tenant(self.tenant)


@dataclass(frozen=True, slots=True)
class Posted:
    """A form sent by somebody who is logged in, from a page of their session."""

    visit: Visit
    fields: dict[str, str]


def is_secure(request: Request) -> bool:
    """Say whether people reach this service by https."""
    public_url: str = request.app.state.settings.public_url
    return urlsplit(public_url).scheme == "https"


def cookie_name(request: Request) -> str:
    """Give the cookie's name; the prefix keeps it from being set by http or by a sibling host (RFC 6265bis, 4.1.3)."""
    return "__Host-maildock" if is_secure(request) else "maildock"


def csrf_token(key: str, session_id: UUID) -> str:
    """Sign a session's forms."""
    return hmac.new(key.encode(), b"form of session " + session_id.bytes, hashlib.sha256).hexdigest()


async def known(request: Request) -> Visit | None:
    """Say who shows a session's cookie, `None` for a stranger."""
    cookie = request.cookies.get(cookie_name(request))
    context: Context = request.app.state.context
    person = await recognise(context.database, cookie) if cookie else None
    if person is None:
        return None
    csrf = csrf_token(request.app.state.settings.secret_keys[0], person.session_id)
    return Visit(context, person, csrf, request.url.path)


async def _signed_in(request: Request) -> Visit:
    visit = await known(request)
    if visit is None:
        raise NeedsLogin
    request.state.visit = visit
    return visit


SignedIn = Annotated[Visit, Depends(_signed_in)]


async def _admin(visit: SignedIn) -> Visit:
    if not visit.is_admin:
        raise for_admins()
    return visit


Admin = Annotated[Visit, Depends(_admin)]


def check_origin(request: Request) -> None:
    """Refuse a form that another site sent; programs that are no browsers name no origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = {_origin(request.app.state.settings.public_url), _origin(f"http://{request.headers.get('host', '')}")}
    if is_secure(request) or request.url.scheme == "https":
        own.add(_origin(f"https://{request.headers.get('host', '')}"))
    if _origin(origin) not in own - {None}:
        raise stale_form()


def _origin(url: str) -> tuple[str, str, int | None] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def check_csrf(request: Request, visit: Visit, token: str) -> None:
    """Refuse a form without the session's own signature; every key still in use verifies."""
    keys: tuple[str, ...] = request.app.state.settings.secret_keys
    right = [hmac.compare_digest(csrf_token(key, visit.person.session_id), _ascii(token)) for key in keys]
    if not any(right):
        raise stale_form()


def _ascii(text: str) -> str:
    return text if text.isascii() else ""


async def form(request: Request) -> dict[str, str]:
    """Read a form, at most 64 KiB of it; a file in it is read as text."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            raise too_large(_LONGEST_FORM)
    try:
        if request.headers.get("content-type", "").startswith("multipart/form-data"):
            return await _parts(request, bytes(body))
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ValueError, MultiPartException):
        raise bad_request() from None


async def _parts(request: Request, body: bytes) -> dict[str, str]:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield body

    # So little stays in memory: what is secret in it never comes to lie on a disk.
    parser = MultiPartParser(request.headers, whole(), max_files=_MOST_FILES, max_fields=_MOST_FIELDS)
    sent = await parser.parse()
    try:
        return {
            name: (await value.read()).decode() if isinstance(value, UploadFile) else value
            for name, value in sent.items()
        }
    finally:
        await sent.close()


async def _posted(request: Request, visit: SignedIn) -> Posted:
    check_origin(request)
    fields = await form(request)
    check_csrf(request, visit, fields.get("csrf", ""))
    return Posted(visit, fields)


SentForm = Annotated[Posted, Depends(_posted)]


async def _posted_by_admin(_: Admin, sent: SentForm) -> Posted:
    return sent


AdminForm = Annotated[Posted, Depends(_posted_by_admin)]
