from collections.abc import Callable
from typing import Any

import pytest

from tests.servers.openid.tokens import Login
from tests.web.signing_on import Shop, message
from tests.web.visitor import Visitor

Change = Callable[[Shop], None]


def _signing(**changes: object) -> Change:
    def change(shop: Shop) -> None:
        for name, value in changes.items():
            setattr(shop.issuer.signing, name, value)

    return change


def _saying(**claims: object) -> Change:
    def change(shop: Shop) -> None:
        shop.issuer.login = Login().saying(**claims)

    return change


def _cut(token: str) -> str:
    return token[:-20]


# Each with what the log says of it.
WRONG: dict[str, tuple[Change, str]] = {
    "unsigned": (_signing(algorithm="none"), "algorithm"),
    "signed with the public key": (_signing(algorithm="HS256"), "algorithm"),
    "signed by somebody else": (_signing(by="a forger"), "signature"),
    "cut": (_signing(change=_cut), "signature"),
    "no token": (_signing(change=lambda _: "no.token"), "signature"),
    "another issuer": (_saying(iss="https://evil.example"), "claim iss"),
    "the issuer with a slash": (lambda shop: _saying(iss=f"{shop.issuer.url}/")(shop), "claim iss"),
    "no issuer": (_saying(iss=None), "claim iss"),
    "another client": (_saying(aud="another client"), "claim aud"),
    "no client": (_saying(aud=None), "claim aud"),
    "several clients, none authorized": (lambda shop: _saying(aud=[shop.issuer.client_id, "other"])(shop), "claim azp"),
    "another client authorized": (_saying(azp="another client"), "claim azp"),
    "another nonce": (_saying(nonce="another"), "claim nonce"),
    "no nonce": (_saying(nonce=None), "claim nonce"),
    "no end": (_saying(exp=None), "claim exp"),
    "an end in words": (_saying(exp="tomorrow"), "claim exp"),
    "no beginning": (_saying(iat=None), "claim iat"),
    "no subject": (_saying(sub=None), "claim sub"),
    "an empty subject": (_saying(sub=""), "claim sub"),
    "a subject that is none": (_saying(sub=["a"]), "claim sub"),
    "an endless subject": (_saying(sub="x" * 256), "claim sub"),
    "a subject with a zero byte": (_saying(sub="a\x00"), "claim sub"),
    "another access token": (_saying(at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "claim at_hash"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_token_that_is_wrong_in_any_way_opens_nothing(
    shop: Shop, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change, detail = WRONG[wrong]
    change(shop)
    ann = Visitor(shop.origin)
    refused = await shop.sign_in(ann)
    assert refused.status == 502
    assert "cannot be trusted" in message(refused) or "clocks" in message(refused)
    assert f'"detail": "{detail}"' in capsys.readouterr().out
    assert "maildock" not in {name for name, value in ann.cookies.items() if value}


@pytest.mark.parametrize("times", [{"exp": 1}, {"iat": 4_000_000_000, "exp": 4_000_000_300}, {"nbf": 4_000_000_000}])
async def test_clocks_that_are_apart_are_named(shop: Shop, times: dict[str, Any]) -> None:
    shop.issuer.login = Login().saying(**times)
    assert "synchronise" in message(await shop.sign_in())


async def test_several_clients_are_taken_when_we_are_the_authorized_one(shop: Shop) -> None:
    client = shop.issuer.client_id
    shop.issuer.login = Login().saying(aud=[client, "other"], azp=client)
    assert (await shop.sign_in()).status == 303


async def test_keys_are_kept_and_asked_for_once_more_when_they_rotate(shop: Shop) -> None:
    for _ in range(2):
        assert (await shop.sign_in()).status == 303
    assert shop.issuer.signing.keys.served == 1
    shop.issuer.signing.keys.rotate()
    assert (await shop.sign_in()).status == 303
    assert shop.issuer.signing.keys.served == 2
    assert shop.asked("GET /.well-known/openid-configuration") == 1


async def test_keys_that_are_never_shown_are_asked_for_once(shop: Shop) -> None:
    await shop.sign_in()
    shop.issuer.signing.change = lambda token: token.replace(token.split(".")[0], "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ")
    assert "cannot be trusted" in message(await shop.sign_in())
    assert shop.issuer.signing.keys.served == 2
