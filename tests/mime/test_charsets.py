"""Whatever charset a mail claims, it is read."""

import encodings
import pkgutil

import pytest

from maildock.mime.charset import codec_name
from tests.mime.trees import read

CODECS = sorted({module.name for module in pkgutil.iter_modules(encodings.__path__)} | {"x-nothing", "rot13"})
BODY = b"<p>caf\xe9 +ADw- \\ud800 \x1b$)C\x0e</p>"


@pytest.mark.parametrize("codec", CODECS)
def test_a_mail_in_any_charset_is_read(codec: str) -> None:
    head = f"Subject: =?{codec}?Q?caf=E9?=\r\nContent-Type: text/html; charset={codec}; name*={codec}''%E9\r\n\r\n"
    for body in (BODY, b"", b"x"):
        assert read(head.encode() + body).body_digest


@pytest.mark.parametrize("label", ["rot13", "hex", "zlib_codec", "idna", "punycode", "unicode_escape", "undefined"])
def test_what_only_python_calls_a_charset_is_none(label: str) -> None:
    assert codec_name(label) is None


def test_a_body_that_is_not_the_utf_16_it_claims_to_be_shows_its_text() -> None:
    message = read(b"Subject: x\r\nContent-Type: text/html; charset=utf-16\r\n\r\n<p>hello</p>")
    assert message.body_html == "<p>hello</p>"
