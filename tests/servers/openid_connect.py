"""A local issuer of OpenID Connect, over a real socket: discovery, a page to sign in at, tokens, and keys that rotate.

    async with OpenIdServer() as issuer:
        issuer.login = Login(email="ann@shop.example")
        issuer.faults.add("POST /token", 1, "garbage")

It holds what it promises: a code is good once, for the client, address and verifier that it was given for.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlencode

from aiohttp import web

from tests.servers.faults import Faults
from tests.servers.google.jwt import base64url
from tests.servers.listener import OnLoopback
from tests.servers.openid.tokens import Login, Signing
from tests.servers.replies import Reply, as_json
from tests.servers.sending import send


class _RefusedError(Exception):
    """The token endpoint refuses, with this word (RFC 6749, 5.2)."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class _Grant:
    """What a code stands for."""

    asked: Mapping[str, str]
    login: Login


class OpenIdServer(OnLoopback):
    """The server; its parts may be looked at and changed while it runs.

    `discovery`: changes to what discovery says. `answers`: changes to what the browser brings back. `requests`: each
    "METHOD /path" that was asked. `huge`: what is answered by more than anybody wants to read.
    """

    def __init__(self) -> None:
        super().__init__(self._app())
        self._grants: dict[str, _Grant] = {}
        self.client_id, self.client_secret = "maildock at the shop", "a secret: of/the tests"
        self.redirect_uri = ""
        self.login = Login()
        self.signing = Signing()
        self.faults = Faults({})
        self.discovery: dict[str, Any] = {}
        self.answers: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.requests: list[str] = []
        self.huge = ""

    def _app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discover)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        return app

    async def _discover(self, request: web.Request) -> web.StreamResponse:
        content = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return await self._sent(request, lambda: as_json(content | self.discovery, headers=self.headers))

    async def _keys(self, request: web.Request) -> web.StreamResponse:
        return await self._sent(request, lambda: as_json(self.signing.keys.shown(), headers=self.headers))

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        return await self._sent(request, lambda: self._page(dict(request.query)))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        return await self._sent(request, lambda: self._granted(form, request.headers.get("Authorization", "")))

    async def _sent(self, request: web.Request, answered: Callable[[], Reply]) -> web.StreamResponse:
        line = f"{request.method} {request.path}"
        self.requests.append(line)
        fault = self.faults.take(line)
        if fault is not None:
            await fault.refuse()
        try:
            reply = answered()
        except _RefusedError as problem:
            reply = as_json({"error": problem.error}, 400)
        if self.huge and line.startswith(self.huge):
            reply = replace(reply, body=reply.body.rstrip(b"}") + b', "more": "' + b"x" * (2 << 20) + b'"}')
        return await send(request, fault.replace(reply) if fault else reply, fault)

    def _page(self, asked: Mapping[str, str]) -> Reply:
        """Show the page to sign in at; its links are what a person can do there."""
        wanted = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "code_challenge_method": "S256",
        }
        whole = all(asked.get(name) for name in ("state", "nonce", "code_challenge"))
        if {name: asked.get(name) for name in wanted} != wanted or "openid" not in asked.get("scope", "").split():
            whole = False
        if not whole:
            return Reply(400, b"that is no request of a client of ours", "text/plain")
        code = secrets.token_urlsafe(16)
        self._grants[code] = _Grant(asked, self.login)
        ways = {"Continue": {"code": code}, "Cancel": {"error": "access_denied"}}
        links = (f'<p><a href="{html.escape(self._back(asked, brought))}">{way}</a>' for way, brought in ways.items())
        title = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>Issuer</title>'
        )
        return Reply(200, f"{title}<h1>Issuer</h1>{''.join(links)}".encode(), "text/html")

    def _back(self, asked: Mapping[str, str], brought: Mapping[str, str]) -> str:
        return f"{self.redirect_uri}?{urlencode({'state': asked['state'], **brought, **self.answers})}"

    def _granted(self, form: Mapping[str, str], authorization: str) -> Reply:
        self._check_client(form, authorization)
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or form.get("grant_type") != "authorization_code":
            raise _RefusedError("invalid_grant")
        challenge = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge != grant.asked["code_challenge"] or form.get("redirect_uri") != grant.asked["redirect_uri"]:
            raise _RefusedError("invalid_grant")
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.client_id, "iat": now, "exp": now + 300, "nonce": grant.asked["nonce"]}
        token = self.signing.token({**claims, **grant.login.claims(), **grant.login.more})
        return as_json({"access_token": "an access token", "token_type": "Bearer", "id_token": token})

    def _check_client(self, form: Mapping[str, str], authorization: str) -> None:
        pair = form.get("client_id", ""), form.get("client_secret", "")
        if self.discovery.get("token_endpoint_auth_methods_supported") != ["client_secret_post"]:
            told = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            pair = unquote(told[0]), unquote(told[2])
        if pair != (self.client_id, self.client_secret):
            raise _RefusedError("invalid_client")
