"""The token endpoint, and who a bearer token belongs to ("Gmail: Auth")."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.servers.google import jwt
from tests.servers.google.accounts import READONLY, Consent, ServiceAccount
from tests.servers.google.replies import Unauthenticated
from tests.servers.replies import Reply, as_json

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = ("https://www.googleapis.com/auth/", "https://mail.google.com/")
SKEW = timedelta(minutes=5)
LONGEST = timedelta(hours=1)


@dataclass(frozen=True)
class Access:
    """An access token that was given out: whose mailbox it opens, and for what."""

    subject: str
    scopes: frozenset[str]
    expires_at: datetime


class Refused(Exception):
    """No token is given: the status, and OAuth's code and description."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code

    def reply(self) -> Reply:
        """Write it down."""
        return as_json({"error": self.code, "error_description": str(self)}, self.status)


class Authority:
    """Gives out tokens. `testing`: the consent screen is in testing, which "kills refresh tokens after 7 days"."""

    def __init__(self, now: Callable[[], datetime], exists: Callable[[str], bool]) -> None:
        self.accounts: dict[str, ServiceAccount] = {}
        self.secrets: dict[str, str] = {}
        self.consents: dict[str, Consent] = {}
        self.token_seconds = 3599
        self.testing = False
        self.issued = 0
        self.asked = 0
        self.unauthorized = 0
        self._now = now
        self._exists = exists
        self._tokens: dict[str, Access] = {}

    def add_service_account(self, email: str = "desk@maildock-test.iam.gserviceaccount.com") -> ServiceAccount:
        """Make a service account that may read every mailbox."""
        return self.accounts.setdefault(email, ServiceAccount(email))

    def add_client(self) -> tuple[str, str]:
        """Register an OAuth client; gives its id and its secret."""
        client_id = f"{secrets.randbelow(10**12)}-{secrets.token_hex(16)}.apps.googleusercontent.com"
        self.secrets[client_id] = f"GOCSPX-{secrets.token_urlsafe(21)}"
        return client_id, self.secrets[client_id]

    def consent(self, client_id: str, address: str, scopes: Iterable[str] = (READONLY,)) -> str:
        """Let a user consent; gives the refresh token."""
        token = f"1//0{secrets.token_urlsafe(60)}"
        self.consents[token] = Consent(client_id, address.lower(), frozenset(scopes), self._now())
        return token

    def expire_tokens(self) -> None:
        """Let every access token that was given out be too old."""
        self._tokens = {value: replace(token, expires_at=self._now()) for value, token in self._tokens.items()}

    def revoke(self, address: str) -> None:
        """Withdraw a user's consent: refresh and access tokens are worth nothing any more."""
        for consent in self.consents.values():
            consent.revoked |= consent.address == address.lower()
        self._tokens = {value: token for value, token in self._tokens.items() if token.subject != address.lower()}

    def token(self, form: Mapping[str, str], audiences: frozenset[str]) -> Reply:
        """Answer a request for a token."""
        self.asked += 1
        try:
            subject, scopes = self._granted(form, audiences)
        except Refused as refused:
            return refused.reply()
        self.issued += 1
        value = f"ya29.{secrets.token_urlsafe(120)}"
        self._tokens[value] = Access(subject, scopes, self._now() + timedelta(seconds=self.token_seconds))
        content = {"access_token": value, "expires_in": self.token_seconds, "token_type": "Bearer"}
        if form.get("grant_type") != JWT_GRANT:
            content["scope"] = " ".join(sorted(scopes))
        return as_json(content, headers={"Cache-Control": "no-cache, no-store, max-age=0, must-revalidate"})

    def access(self, authorization: str) -> Access:
        """Give whose token this is; an unknown or expired one is 401."""
        scheme, _, value = authorization.partition(" ")
        token = self._tokens.get(value) if scheme.lower() == "bearer" else None
        if token is None or token.expires_at <= self._now():
            self.unauthorized += 1
            raise Unauthenticated
        return token

    def _granted(self, form: Mapping[str, str], audiences: frozenset[str]) -> tuple[str, frozenset[str]]:
        if form.get("grant_type") == JWT_GRANT:
            return self._by_assertion(form.get("assertion", ""), audiences)
        if form.get("grant_type") == "refresh_token":
            return self._by_refresh_token(form)
        raise Refused(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type')}")

    def _by_refresh_token(self, form: Mapping[str, str]) -> tuple[str, frozenset[str]]:
        client_id = form.get("client_id", "")
        if client_id not in self.secrets:
            raise Refused(401, "invalid_client", "The OAuth client was not found.")
        if not secrets.compare_digest(form.get("client_secret", "").encode(), self.secrets[client_id].encode()):
            raise Refused(401, "invalid_client", "Unauthorized")
        consent = self.consents.get(form.get("refresh_token", ""))
        if consent is None or consent.client_id != client_id:
            raise Refused(400, "invalid_grant", "Bad Request")
        if consent.revoked or (self.testing and self._now() > consent.given_at + timedelta(days=7)):
            raise Refused(400, "invalid_grant", "Token has been expired or revoked.")
        return consent.address, consent.scopes

    def _by_assertion(self, assertion: str, audiences: frozenset[str]) -> tuple[str, frozenset[str]]:
        account, claims = self._signed(assertion)
        self._check_times(claims)
        if claims.get("aud") not in audiences:
            raise Refused(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        scopes = frozenset(str(claims.get("scope", "")).split())
        if not scopes or not all(scope.startswith(SCOPES) for scope in scopes):
            raise Refused(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        if "sub" not in claims:
            return account.email, scopes
        if not scopes <= account.delegated:
            why = "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any"
            raise Refused(401, "unauthorized_client", f"{why} of the scopes requested.")
        if not self._exists(str(claims["sub"])):
            raise Refused(400, "invalid_grant", "Invalid email or User ID")
        return str(claims["sub"]).lower(), scopes

    def _signed(self, assertion: str) -> tuple[ServiceAccount, dict[str, object]]:
        try:
            _, claims = jwt.read(assertion)
            account = self.accounts.get(str(claims.get("iss")))
            if account is None:
                raise Refused(400, "invalid_grant", "Invalid grant: account not found")
            return account, jwt.verify(assertion, account.key.public_key())
        except jwt.InvalidToken as error:
            raise Refused(400, "invalid_grant", "Invalid JWT Signature.") from error

    def _check_times(self, claims: Mapping[str, object]) -> None:
        issued, expires, now = claims.get("iat"), claims.get("exp"), self._now().timestamp()
        if isinstance(issued, int) and isinstance(expires, int):
            skew = SKEW.total_seconds()
            if issued < now + skew and now - skew < expires <= issued + LONGEST.total_seconds():
                return
        why = "Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check iat and exp"
        raise Refused(400, "invalid_grant", f"Invalid JWT: {why} in the JWT claim.")
