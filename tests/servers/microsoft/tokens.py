"""The token endpoint, and who a bearer token belongs to ("Graph: Auth")."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.servers.microsoft.assertion import is_signed
from tests.servers.microsoft.replies import GraphError
from tests.servers.replies import Reply, as_json


@dataclass(frozen=True)
class Token:
    """An access token that was given out."""

    client_id: str
    expires_at: datetime


class Authority:
    """A directory with its applications."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.directory_id = str(uuid.uuid4())
        self.secrets: dict[str, str] = {}
        # Of each application, in PEM.
        self.certificates: dict[str, str] = {}
        # What the next requests for a token are refused with, whatever they say: an AADSTS number.
        self.refusals: list[int] = []
        self.token_seconds = 3599
        self.issued = 0
        self.asked = 0
        self.unauthorized = 0
        self._now = now
        self._tokens: dict[str, Token] = {}

    def add_application(self) -> tuple[str, str]:
        """Register an application; gives its id and its secret."""
        client_id, secret = str(uuid.uuid4()), secrets.token_urlsafe(30)
        self.secrets[client_id] = secret
        return client_id, secret

    def expire_tokens(self) -> None:
        """Let every token that was given out be too old."""
        self._tokens = {value: Token(token.client_id, self._now()) for value, token in self._tokens.items()}

    def revoke_secret(self, client_id: str) -> str:
        """Replace an application's secret, and give the new one; tokens live on until they expire."""
        self.secrets[client_id] = secrets.token_urlsafe(30)
        return self.secrets[client_id]

    def token(self, directory_id: str, form: Mapping[str, str], scopes: frozenset[str], address: str = "") -> Reply:
        """Answer a request for a token by client credentials; `address` is where it was sent."""
        self.asked += 1
        client_id = form.get("client_id", "")
        if self.refusals:
            return _refused(400, "invalid_request", self.refusals.pop(0), "Refused.")
        refusal = self._refusal(directory_id, client_id, form, scopes, address)
        if refusal is not None:
            return refusal
        self.issued += 1
        value = f"eyJ0eXAiOiJKV1Qi.{secrets.token_urlsafe(40)}.{secrets.token_urlsafe(40)}"
        self._tokens[value] = Token(client_id, self._now() + timedelta(seconds=self.token_seconds))
        seconds = self.token_seconds
        content = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": value}
        return as_json(content, headers={"Cache-Control": "no-store, no-cache"})

    def _refusal(
        self, directory_id: str, client_id: str, form: Mapping[str, str], scopes: frozenset[str], address: str
    ) -> Reply | None:
        if directory_id.lower() != self.directory_id:
            return _refused(400, "invalid_request", 90002, f"Tenant '{directory_id}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if client_id not in self.secrets:
            return _refused(400, "unauthorized_client", 700016, f"Application '{client_id}' was not found.")
        if "client_assertion" in form:
            certificate = self.certificates.get(client_id, "")
            if not certificate or not is_signed(form, certificate, client_id, address, self._now()):
                return _refused(401, "invalid_client", 700027, "Client assertion failed signature validation.")
        elif not secrets.compare_digest(form.get("client_secret", "").encode(), self.secrets[client_id].encode()):
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form.get("scope") not in scopes:
            return _refused(400, "invalid_scope", 70011, "The provided value for 'scope' is not valid.")
        return None

    def client(self, authorization: str) -> str:
        """Give the application whose token this is; an unknown or expired one is 401."""
        scheme, _, value = authorization.partition(" ")
        token = self._tokens.get(value) if scheme.lower() == "bearer" else None
        if token is None:
            raise self._unauthorized("CompactToken parsing failed." if value else "Access token is empty.")
        if token.expires_at <= self._now():
            raise self._unauthorized("Lifetime validation failed, the token is expired.")
        return token.client_id

    def _unauthorized(self, message: str) -> GraphError:
        self.unauthorized += 1
        return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": 'Bearer realm=""'})


def _refused(status: int, code: str, number: int, text: str) -> Reply:
    trace = str(uuid.uuid4())
    description = f"AADSTS{number}: {text} Trace ID: {trace}"
    content = {"error": code, "error_description": description, "error_codes": [number], "trace_id": trace}
    return as_json(content, status)
