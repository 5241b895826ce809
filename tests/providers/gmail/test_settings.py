"""What is given for a Gmail mailbox is checked before it is written down."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from maildock.domain.errors import UsageError
from maildock.providers.gmail.settings import Endpoint, new_connection, refresh_token_secret, service_account_secret
from tests.servers.google.accounts import ServiceAccount

FILE = ServiceAccount("desk@maildock-test.iam.gserviceaccount.com").file("http://127.0.0.1:9")
CURVE = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
EMPTY = ("", "", "", "", "", "", "")


def test_the_defaults_are_google_s() -> None:
    assert json.loads(new_connection(*EMPTY)) == {
        "label": "INBOX",
        "topic": "",
        "push_service_account": "",
        "gmail_url": "https://gmail.googleapis.com",
        "token_url": "https://oauth2.googleapis.com/token",
        "certs_url": "https://www.googleapis.com/oauth2/v3/certs",
        "client_id": "",
    }


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((1, "gmail"), (1, "projects/p/topics/"), (2, "push"), (3, "http://gmail.example"), (3, "https://x/gmail/v1")),
        *((4, "http://oauth.example/token"), (4, "ftp://x/y"), (4, "https://x/token?a=b"), (5, "https://u:p@x/certs")),
    ],
)
def test_what_cannot_work_is_refused(place: int, value: str) -> None:
    given = [*EMPTY]
    given[place] = value
    with pytest.raises(UsageError):
        new_connection(*given)


def test_an_endpoint_is_written_as_it_was_given() -> None:
    assert str(Endpoint.parse("http://127.0.0.1:8080/a/token")) == "http://127.0.0.1:8080/a/token"


def test_of_a_service_account_only_what_is_needed_is_kept() -> None:
    kept = json.loads(service_account_secret(json.dumps(FILE)))["service_account"]
    assert set(kept) == {"client_email", "private_key", "private_key_id"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"type": "authorized_user"}, "no key of a service account"),
        ({"type": "external_account"}, "no key of a service account"),
        ({"type": None}, "no key of a service account"),
        ({"private_key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"}, "cannot be read"),
        ({"private_key": CURVE.decode()}, "no RSA key"),
        ({"client_email": ""}, "client_email"),
        ({"private_key_id": 7}, "private_key_id"),
    ],
)
def test_a_file_that_is_no_service_account_s_is_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        service_account_secret(json.dumps(FILE | changed))


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000])
def test_a_file_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        service_account_secret(text)


def test_a_refresh_token_is_kept_with_its_client_s_secret() -> None:
    assert json.loads(refresh_token_secret("secret\n", "1//token\n")) == {
        "client_secret": "secret",
        "refresh_token": "1//token",
    }


@pytest.mark.parametrize(("secret", "token"), [("", "x"), ("x", ""), ("x", "two words"), ("x", "ü")])
def test_what_is_no_secret_is_refused(secret: str, token: str) -> None:
    with pytest.raises(UsageError):
        refresh_token_secret(secret, token)
