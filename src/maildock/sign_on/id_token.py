"""ID tokens (OpenID Connect Core 1.0, 3.1.3.7): whether one is the issuer's and answers us, and whom it names. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from maildock.sign_on.refusals import ClocksApart, Untrusted

# Signed with a private key, always: with HS256 whoever knows the public key could sign.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
LEEWAY_SECONDS = 60
_LONGEST_TOKEN = 65_536
_LONGEST_SUBJECT = 255
_LEAST_RSA_BITS = 2048
_TIMES = frozenset({"exp", "iat", "nbf"})
# Entra ID never sends `email_verified`, but says whether the directory owns the address's domain.
_ENTRA_HOST = "login.microsoftonline.com"


class UnknownKey(Untrusted):
    """The identity provider's answer cannot be trusted: it is signed with a key that the provider does not show."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody at the issuer; `email` is empty unless the issuer vouches for it."""

    issuer: str
    subject: str
    email: str
    claims: Mapping[str, object]

    def has(self, claim: str, value: str) -> bool:
        """Say whether a claim is this value, or a list with it."""
        found = self.claims.get(claim)
        return value in found if isinstance(found, list) else found == value


def read_keys(content: Mapping[str, Any]) -> list[Any]:
    """Read a JWKS (RFC 7517): its public keys of kinds that sign; what is anything else is left out."""
    from joserfc import jwk  # noqa: PLC0415 - most commands never need it
    from joserfc.errors import JoseError  # noqa: PLC0415

    listed = content.get("keys")
    keys: list[Any] = []
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in {"RSA", "EC"} or one.get("use", "sig") != "sig":
            continue
        try:
            key = jwk.import_key(one)
            strong = not isinstance(key, jwk.RSAKey) or key.public_key.key_size >= _LEAST_RSA_BITS
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        keys += [key] if strong else []
    return keys


def verify(token: str, keys: Sequence[Any], expected: Expected, now: float) -> Identity:
    """Raise `Untrusted` unless the issuer made this token for us, for this sign-in, and not long ago."""
    from authlib.oidc.core import CodeIDToken  # noqa: PLC0415 - a tenth of a second
    from joserfc.errors import ClaimError, JoseError  # noqa: PLC0415

    header, claims = _decoded(token, keys)
    needed = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    params = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
    try:
        CodeIDToken(claims, header, needed, params).validate(int(now), LEEWAY_SECONDS)
    except ClaimError as problem:
        kind = ClocksApart if problem.claim in _TIMES and problem.claim in claims else Untrusted
        raise kind(f"claim {problem.claim}") from problem
    except (JoseError, ValueError, TypeError, AttributeError) as problem:
        raise Untrusted("claims") from problem
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise Untrusted("claim sub")
    return Identity(expected.issuer, subject, _verified_email(claims, expected.issuer), claims)


def _decoded(token: str, keys: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    from joserfc import jwt  # noqa: PLC0415
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jws import extract_compact  # noqa: PLC0415

    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise Untrusted("ID token too long")
    try:
        header = extract_compact(token.encode()).headers()
        if header.get("alg") not in ALGORITHMS:
            raise Untrusted("algorithm")
        decoded = jwt.decode(token, _key(keys, header.get("kid")), algorithms=ALGORITHMS)
    except (JoseError, ValueError, TypeError, RecursionError) as problem:
        raise Untrusted("signature") from problem
    return dict(decoded.header), dict(decoded.claims)


def _key(keys: Sequence[Any], key_id: object) -> Any:
    """Find the key that a token names; without a name there must be no choice (Core, 10.1)."""
    fitting = list(keys) if key_id is None else [key for key in keys if key.kid == key_id]
    if len(fitting) != 1:
        raise UnknownKey("key")
    return fitting[0]


def _verified_email(claims: Mapping[str, Any], issuer: str) -> str:
    email, vouched = claims.get("email"), claims.get("email_verified") is True
    if urlsplit(issuer).hostname == _ENTRA_HOST:
        vouched = vouched or claims.get("xms_edov") in (True, "true", "1", 1)
    return email if vouched and isinstance(email, str) else ""
