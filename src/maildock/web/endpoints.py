"""Which places on the network a form may name as a vendor's: the vendor's own, and what the operator allows.

Whoever fills in a form is not who runs the machine: their word alone must not make it talk to its neighbours.
"""

import json
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from maildock.domain.errors import UsageError
from maildock.providers.connections import GRANTED
from maildock.providers.gmail.settings import CERTS_URL, GMAIL_URL, TOKEN_URL, Endpoint
from maildock.providers.http import Origin
from maildock.providers.microsoft.settings import AUTHORITIES

GRAPHS = frozenset(f"https://{host}" for host in AUTHORITIES)
LOGINS = frozenset(AUTHORITIES.values())
GMAILS = frozenset((GMAIL_URL,))
TOKENS = frozenset((TOKEN_URL, "https://www.googleapis.com/oauth2/v4/token"))
CERTS = frozenset((CERTS_URL, "https://www.googleapis.com/oauth2/v1/certs"))

# Narrower than what a URL may be: no user, no query, no escapes, and only letters of ASCII.
_ORIGIN = r"(?i:https?)://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[1-9][0-9]{0,4})?"
_AN_ORIGIN = re.compile(rf"{_ORIGIN}/?")
_AN_ADDRESS = re.compile(rf"{_ORIGIN}(?:/[A-Za-z0-9._~-]+)*/?")


def origin(url: str, own: AbstractSet[str], further: AbstractSet[Origin]) -> str:
    """Give an origin as it is written down, empty where none is named; raises `UsageError` unless it is allowed."""
    if not url:
        return ""
    if not _AN_ORIGIN.fullmatch(url):
        raise UsageError("write an origin such as https://graph.microsoft.com, without a path")
    found = Origin.parse(url)
    return _allowed(str(found), found, own, further)


def address(url: str, own: AbstractSet[str], further: AbstractSet[Origin]) -> str:
    """Do the same for an address with a path."""
    if not url:
        return ""
    if not _AN_ADDRESS.fullmatch(url) or "/." in url:
        raise UsageError(f"write an address such as {TOKEN_URL}")
    found = Endpoint.parse(url)
    return _allowed(str(found), found.origin, own, further)


def with_grants(settings: str, named: Iterable[tuple[str | None, AbstractSet[str]]]) -> str:
    """Write into a connection's settings which places are not the vendor's own, so that they need to stay allowed."""
    granted = sorted({str(Endpoint.parse(found).origin) for found, own in named if found and found not in own})
    return json.dumps({**json.loads(settings), GRANTED: " ".join(granted)}) if granted else settings


def refuse_withdrawn(settings: str, further: AbstractSet[Origin]) -> None:
    """Raise `UsageError` where a mailbox was connected to a place that is not allowed any more."""
    for origin in str(json.loads(settings).get(GRANTED, "")).split():
        if Origin.parse(origin) not in further:
            raise UsageError(f"{origin} is not among `MAILDOCK_PROVIDER_ORIGINS` any more")


def _allowed(written: str, found: Origin, own: AbstractSet[str], further: AbstractSet[Origin]) -> str:
    if written not in own and found not in further:
        raise UsageError(
            "this is not the vendor's own address; whoever runs this service can allow its origin with"
            " `MAILDOCK_PROVIDER_ORIGINS`"
        )
    return written
