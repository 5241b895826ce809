"""The local Gmail's tokens: who gets one, and what it opens."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from tests.servers.gmail_client import ADDRESS
from tests.servers.gmail_client import GmailClient as Reader

SEND = "https://www.googleapis.com/auth/gmail.send"


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"key": "stranger"}, 400, "invalid_grant"),
        ({"iss": "nobody@x.iam.gserviceaccount.com"}, 400, "invalid_grant"),
        ({"aud": "https://oauth2.googleapis.com/token"}, 400, "invalid_grant"),
        ({"sub": "nobody@shop.example"}, 400, "invalid_grant"),
        ({"exp": int(time.time()) + 7200}, 400, "invalid_grant"),
        ({"exp": int(time.time()) - 7200, "iat": int(time.time()) - 9000}, 400, "invalid_grant"),
        ({"iat": None}, 400, "invalid_grant"),
        ({"scope": "nonsense"}, 400, "invalid_scope"),
        ({"scope": SEND}, 401, "unauthorized_client"),
    ],
)
async def test_a_wrong_assertion_gets_no_token(reader: Reader, changed: dict[str, Any], status: int, code: str) -> None:
    answered, content = await reader.log_in(**changed)
    assert (answered, content["error"]) == (status, code)


async def test_a_service_account_without_delegation_gets_no_token(reader: Reader) -> None:
    reader.gmail.account.delegated.clear()
    status, content = await reader.log_in()
    assert (status, content["error"]) == (401, "unauthorized_client")


async def test_without_a_mailbox_in_it_the_token_opens_none(reader: Reader) -> None:
    assert (await reader.log_in(sub=None))[0] == 200
    assert (await reader.get("/profile"))[1]["error"]["status"] == "FAILED_PRECONDITION"


async def test_a_token_opens_one_mailbox(reader: Reader) -> None:
    reader.gmail.mailbox("other@shop.example")
    for user, status in ((ADDRESS, 200), ("other@shop.example", 403)):
        url = f"{reader.gmail.url}/gmail/v1/users/{user}/profile"
        async with reader.session.get(url, headers=reader.headers) as response:
            assert response.status == status


async def test_a_token_for_something_else_is_not_enough(reader: Reader) -> None:
    reader.gmail.account.delegated.add(SEND)
    await reader.log_in(scope=SEND)
    status, content = await reader.get("/messages")
    assert (status, content["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")


async def test_tokens_grow_old(reader: Reader) -> None:
    reader.gmail.advance(timedelta(hours=2))
    assert (await reader.get("/profile"))[0] == 401
    assert reader.gmail.authority.unauthorized == 1


async def test_tokens_can_be_made_old_at_once(reader: Reader) -> None:
    reader.gmail.authority.expire_tokens()
    status, content, headers = await reader.ask("GET", "/profile")
    assert (status, content["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_refresh_token_gives_tokens_until_it_is_revoked(reader: Reader) -> None:
    token = reader.gmail.refresh_token(ADDRESS)
    assert (await reader.refresh(token))[0] == 200
    assert (await reader.get("/profile"))[0] == 200
    reader.gmail.authority.revoke(ADDRESS)
    assert (await reader.get("/profile"))[0] == 401
    status, content = await reader.refresh(token)
    assert (status, content["error"]) == (400, "invalid_grant")


async def test_a_refresh_token_of_a_screen_in_testing_lives_a_week(reader: Reader) -> None:
    token, reader.gmail.authority.testing = reader.gmail.refresh_token(ADDRESS), True
    reader.gmail.advance(timedelta(days=6))
    assert (await reader.refresh(token))[0] == 200
    reader.gmail.advance(timedelta(days=2))
    assert (await reader.refresh(token))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("changed", [{"client_secret": "wrong"}, {"client_id": "nobody"}])
async def test_a_wrong_client_is_invalid(reader: Reader, changed: dict[str, str]) -> None:
    status, content = await reader.refresh(reader.gmail.refresh_token(ADDRESS), **changed)
    assert (status, content["error"]) == (401, "invalid_client")


async def test_the_account_s_file_leads_nobody_here(reader: Reader) -> None:
    content = json.loads(reader.gmail.account_file.read_text())
    assert content["type"] == "service_account"
    assert not content["token_uri"].startswith(reader.gmail.url)


async def test_the_token_endpoint_has_faults_too(reader: Reader) -> None:
    reader.gmail.fault("POST /token", kind="unavailable")
    assert [(await reader.log_in())[0], (await reader.log_in())[0]] == [503, 200]


async def test_other_grants_are_not_known(reader: Reader) -> None:
    assert (await reader.token(grant_type="password"))[1]["error"] == "unsupported_grant_type"
