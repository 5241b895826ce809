"""Templates into answers, with the headers that every page carries."""

import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from maildock.web import previews
from maildock.web.pages import words

_WEB = Path(__file__).parent.parent
STATIC = _WEB / "static"
PDFJS = "pdfjs-6.5.438"  # a folder of static files; its name changes with its content

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}']")
_MOMENT = re.compile(r"\b2\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-5]\d(?::[0-5]\d)?Z")
_COMMAND = re.compile(r"`([^`]+)`")
_KIBI = 1024
_UNITS = ("KiB", "MiB", "GiB", "TiB")
_NO_FRACTION_FROM = 10
_TWO_DAYS = 48  # hours


def policy(pictures: str = "'self' data:", frames: str = "'none'") -> dict[str, str]:
    """Give the header that says what a browser may load for a page: never anything inline, little else."""
    return {
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self';"
        f" img-src {pictures}; frame-src {frames}; connect-src 'self'; form-action 'self'; frame-ancestors 'none';"
        " base-uri 'none'"
    }


WITH_PICTURES = policy(pictures="'self' data: https: http:")
WITH_FRAMES = policy(frames="'self'")

# Chromium sends no usable Origin from pages under `no-referrer`, and forms are checked by it; `same-origin` tells
# other sites just as little.
HEADERS = {
    **policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


def page(template: str, code: int = 200, headers: dict[str, str] | None = None, **values: object) -> HTMLResponse:
    """Render a template into an answer; every name that it uses must be given."""
    return HTMLResponse(fragment(template, **values), code, {**HEADERS, **(headers or {})})


def fragment(template: str, **values: object) -> str:
    """Render a template into a piece of an answer."""
    return _templates().get_template(template).render(values)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_WEB / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        when=when,
        day=day,
        size=size,
        link=link,
        linked=linked,
        commands=commands,
        sentence=sentence,
        timed=timed,
        left=left,
    )
    environment.globals.update(
        static=static, words=words, preview_kind=previews.kind, apparent_type=previews.apparent_type, pdfjs=PDFJS
    )
    return environment


@cache
def static(name: str) -> str:
    """Give the address of a static file; it changes with the content, so the file may be kept for long."""
    content = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={content[:12]}"


def when(at: datetime) -> Markup:
    """Write a time for people and for machines, in UTC."""
    utc = at.astimezone(UTC)
    shown = f"{utc.day} {utc:%b %Y, %H:%M}\N{NO-BREAK SPACE}UTC"
    return Markup('<time datetime="{}">{}</time>').format(f"{utc:%Y-%m-%dT%H:%M:%SZ}", shown)


def day(at: datetime) -> Markup:
    """Write the day of a time for people, in UTC, with the time behind it."""
    utc = at.astimezone(UTC)
    whole = f"{utc.day} {utc:%b %Y, %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{utc:%Y-%m-%dT%H:%M:%SZ}", whole, f"{utc.day} {utc:%b %Y}"
    )


def timed(text: str) -> Markup:
    """Write a sentence for people whose times are for machines (RFC 3339, in UTC)."""
    return Markup(_MOMENT.sub(_for_people, str(escape(text))))  # noqa: S704 - it is escaped


def _for_people(found: re.Match[str]) -> str:
    try:
        return when(datetime.fromisoformat(found[0]))
    except ValueError:
        return found[0]


def left(until: datetime) -> str:
    """Write how long it is until a time, for people."""
    seconds = (until - datetime.now(UTC)).total_seconds()
    if seconds <= 0:
        return "over"
    hours = seconds / 3600
    return f"{hours / 24:.0f} days left" if hours >= _TWO_DAYS else f"{max(hours, 1):.0f} h left"


def size(count: int) -> str:
    """Write a number of bytes for people."""
    if count < _KIBI:
        return "1 byte" if count == 1 else f"{count} bytes"
    power = min((count.bit_length() - 1) // 10, len(_UNITS))
    value = count / _KIBI**power
    return f"{value:.{0 if value >= _NO_FRACTION_FROM else 1}f} {_UNITS[power - 1]}"


def link(address: Any) -> Markup:
    """Write a stranger's address as a link if it is one of the web, else as text."""
    text = str(address)
    if not text.startswith(("https://", "http://")) or any(character.isspace() for character in text):
        return Markup("<bdi>{}</bdi>").format(text)
    return Markup('<a href="{0}" rel="noopener noreferrer nofollow" target="_blank"><bdi>{0}</bdi></a>').format(text)


def linked(text: str) -> Markup:
    """Write a stranger's text with its web addresses as links."""
    pieces: list[Markup] = []
    at = 0
    for found in _WEB_ADDRESS.finditer(text):
        pieces += [escape(text[at : found.start()]), link(found[0])]
        at = found.end()
    return Markup().join([*pieces, escape(text[at:])])


def sentence(text: str) -> str:
    """Begin what an error says as a sentence does, unless it begins with what somebody typed, or an address."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.isalpha() and first.islower() else text


def commands(text: str) -> Markup:
    """Write a sentence of ours with what is to be typed, between backticks, as code."""
    return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - it is escaped
