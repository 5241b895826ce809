import time

import pytest

from maildock.sign_on.id_token import Expected, read_keys, verify
from maildock.sign_on.refusals import StaleTrip, Untrusted
from maildock.sign_on.trip import TRIP_SECONDS, Trip
from tests.servers.openid.tokens import Signing

ENTRA = "https://login.microsoftonline.com/72f988bf/v2.0"


def _email(issuer: str, **said: object) -> str:
    signing, now = Signing(), int(time.time())
    claims = {"iss": issuer, "aud": "us", "sub": "1", "iat": now, "exp": now + 60, "nonce": "n", "email": "a@b.example"}
    keys = read_keys(signing.keys.shown())
    return verify(signing.token({**claims, **said}), keys, Expected(issuer, "us", "n", ""), now).email


@pytest.mark.parametrize("owned", [True, "true", "1", 1])
def test_entras_word_for_a_verified_address_counts(owned: object) -> None:
    assert _email(ENTRA, xms_edov=owned) == "a@b.example"


@pytest.mark.parametrize("owned", [False, "false", "0", 0, None, [True]])
def test_entras_address_alone_does_not_count(owned: object) -> None:
    assert not _email(ENTRA, xms_edov=owned)


def test_entras_word_counts_from_nobody_else() -> None:
    assert not _email("https://login.microsoftonline.com.evil.example/v2.0", xms_edov=True)


def test_an_email_that_is_no_text_does_not_count() -> None:
    assert not _email("https://issuer.example", email_verified=True, email=["a@b.example"])


def test_keys_that_must_not_sign_are_left_out() -> None:
    (good,) = Signing().keys.shown()["keys"]
    bad = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "1"},
        {**good, "use": "enc"},
        {**good, "n": "AQAB"},
        {"kty": "RSA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        "no key",
    ]
    assert len(read_keys({"keys": [*bad, good]})) == 1
    assert read_keys({"keys": "none"}) == []


def test_a_token_without_a_keys_name_needs_a_choice_of_one() -> None:
    signing, other, now = Signing(), Signing(), int(time.time())
    other.keys.rotate()
    claims = {"iss": "i", "aud": "us", "sub": "1", "iat": now, "exp": now + 60, "nonce": "n"}
    two = read_keys({"keys": [*signing.keys.shown()["keys"], *other.keys.shown()["keys"]]})
    head, _, rest = signing.token(claims).partition(".")
    with pytest.raises(Untrusted):
        verify(f"eyJhbGciOiJSUzI1NiJ9.{rest}", two, Expected("i", "us", "n", ""), now)
    assert verify(f"{head}.{rest}", two, Expected("i", "us", "n", ""), now).subject == "1"


@pytest.mark.parametrize("seconds", [-1, TRIP_SECONDS + 1])
def test_a_trip_ends(seconds: int) -> None:
    trip = Trip.begin("/", 1000)
    assert Trip.read(trip.sealed("key"), ["new", "key"], trip.state, 1000 + TRIP_SECONDS) == trip
    with pytest.raises(StaleTrip):
        Trip.read(trip.sealed("key"), ["key"], trip.state, 1000 + seconds)


def test_a_trip_that_another_key_signed_is_none() -> None:
    trip = Trip.begin("/", 1000)
    with pytest.raises(StaleTrip):
        Trip.read(trip.sealed("key"), ["other"], trip.state, 1000)


# RFC 7636, appendix B.
def test_a_challenge_is_as_rfc_7636_shows_it() -> None:
    trip = Trip("s", "n", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "/", 0)
    assert trip.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
