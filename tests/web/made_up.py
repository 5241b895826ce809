"""What the client that makes requests up is told beyond the description: what a mail is, and who is refused."""

import os
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis import Case, CheckContext, Response, SerializationContext

MAIL = "message/rfc822"
WITH_TOKEN = os.environ.get("MADE_UP_WITH_TOKEN") == "yes"
REFUSED_BEFORE = (404, 405)  # no such route at all

schemathesis.openapi.media_type(MAIL, strategies.binary(max_size=2000).map(b"Subject: made up\r\n\r\n".__add__))


@schemathesis.serializer(MAIL)
def as_it_is(_: SerializationContext, value: object) -> bytes:
    """Send a mail's bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.check
def only_who_has_a_token_is_answered(_: CheckContext, response: Response, case: Case[Any]) -> None:
    """Without a token everything is 401."""
    if not WITH_TOKEN and response.status_code != 401 and response.status_code not in REFUSED_BEFORE:
        raise AssertionError(f"{case.method} {case.path} answers {response.status_code} without a token")
