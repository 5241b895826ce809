"""A bare client of the local Gmail server: what is asked, and what came back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import aiohttp

from tests.servers.gmail import GmailServer
from tests.servers.google import jwt
from tests.servers.google.accounts import READONLY
from tests.servers.google.authority import JWT_GRANT
from tests.servers.google.mailbox import GmailMessage

ADDRESS = "desk@shop.example"


class GmailClient:
    """A client with a token for one mailbox."""

    def __init__(self, gmail: GmailServer, session: aiohttp.ClientSession) -> None:
        self.gmail = gmail
        self.session = session
        self.headers: dict[str, str] = {}

    async def log_in(self, key: str | None = None, **changed: Any) -> tuple[int, dict[str, Any]]:
        """Ask for a token with an assertion, some of its claims changed, perhaps signed with another key."""
        account = json.loads(self.gmail.account_file.read_text())
        now = int(self.gmail.now().timestamp())
        claims = {"iss": account["client_email"], "scope": READONLY, "sub": ADDRESS, "aud": self.gmail.token_url}
        claims |= {"iat": now, "exp": now + 3600} | changed
        told = {name: value for name, value in claims.items() if value is not None}
        signed = jwt.sign(told, jwt.rsa_key(key or account["client_email"]), account["private_key_id"])
        return await self.token(grant_type=JWT_GRANT, assertion=signed)

    async def refresh(self, token: str, **changed: str) -> tuple[int, dict[str, Any]]:
        """Ask for a token with a refresh token."""
        form = {"client_id": self.gmail.client_id, "client_secret": self.gmail.client_secret, "refresh_token": token}
        return await self.token(grant_type="refresh_token", **{**form, **changed})

    async def token(self, **form: str) -> tuple[int, dict[str, Any]]:
        async with self.session.post(self.gmail.token_url, data=form) as response:
            content = await response.json()
            if response.status == 200:
                self.headers["Authorization"] = f"Bearer {content['access_token']}"
            return response.status, content

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, Any]:
        """Give the status, the content (JSON or bytes) and the headers."""
        asked = self.session.request(
            method, f"{self.gmail.url}/gmail/v1/users/me{path}", headers=self.headers, allow_redirects=False, **options
        )
        async with asked as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.read()), response.headers

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        status, content, _ = await self.ask("GET", path, **options)
        return status, content

    async def read(self, message: GmailMessage, form: str = "full") -> Any:
        """Read a message that must be there."""
        status, content = await self.get(f"/messages/{message.message_id}?format={form}")
        assert status == 200
        return content

    async def history(self, start: int, query: str = "") -> Any:
        """Give what happened since."""
        status, content = await self.get(f"/history?startHistoryId={start}{query}")
        assert status == 200
        return content


def parts(part: Any) -> Iterator[Any]:
    """Give a part and all below it."""
    yield part
    for child in part.get("parts", ()):
        yield from parts(child)


def by_id(content: Any) -> dict[str, Any]:
    """Give the parts of a message by their `partId`."""
    return {part["partId"]: part for part in parts(content["payload"])}


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
