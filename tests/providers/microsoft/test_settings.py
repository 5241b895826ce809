"""A new connection is checked before it is written down."""

import json
from uuid import uuid4

import pytest

from maildock.domain.errors import UsageError
from maildock.providers.microsoft.settings import new_connection, new_secret

USUAL = {
    "directory_id": str(uuid4()),
    "client_id": str(uuid4()),
}


def test_what_is_not_given_has_its_usual_value() -> None:
    assert json.loads(new_connection(**USUAL)) == {
        "directory_id": USUAL["directory_id"],
        "client_id": USUAL["client_id"],
        "folder": "inbox",
        "graph_url": "https://graph.microsoft.com",
        "authority_url": "https://login.microsoftonline.com",
    }
    assert json.loads(new_secret(client_secret="aBc~1\n")) == {"client_secret": "aBc~1"}


@pytest.mark.parametrize(
    ("graph", "authority"),
    [
        ("https://graph.microsoft.us", "https://login.microsoftonline.us"),
        ("https://dod-graph.microsoft.us/", "https://login.microsoftonline.us"),
        ("https://microsoftgraph.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    ],
)
def test_a_national_cloud_has_its_own_authority(graph: str, authority: str) -> None:
    settings = json.loads(new_connection(**{**USUAL, "graph_url": graph}))
    assert settings["authority_url"] == authority


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"directory_id": "common"}, "directory id"),
        ({"directory_id": "a/b"}, "directory id"),
        ({"client_id": ""}, "client id"),
        ({"folder": "a'b"}, "no folder"),
        ({"graph_url": "http://graph.example"}, "must be https"),
        ({"graph_url": "https://graph.microsoft.com/v1.0"}, "without a path"),
        ({"graph_url": "http://127.0.0.1:9"}, "--authority-url"),
        ({"authority_url": "ftp://x"}, "origin"),
    ],
)
def test_what_is_wrong_is_said(changed: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        new_connection(**{**USUAL, **changed})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"client_secret": " \n"}, "empty"),
        ({"client_secret": "two words"}, "one word"),
        ({"certificate": "nonsense"}, "one private key"),
        ({"certificate": "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"}, "one private key"),
        ({"certificate": "-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----"}, "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_secret_is_said(given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        new_secret(**given)
