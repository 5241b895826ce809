"""The settings: `MAILDOCK_*` variables of the environment, and of a `.env` file in the working folder.

Read once by the wiring and handed on in pieces; nothing below the wiring knows where a value came from.
"""

import difflib
import os
import re
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote_to_bytes, urlsplit

import psycopg
from dotenv import dotenv_values
from dotenv.parser import parse_stream
from psycopg.conninfo import conninfo_to_dict
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from maildock.domain.errors import UsageError

PREFIX = "MAILDOCK_"

_LONGEST_LEASE = 86_400.0  # seconds; the database takes at most 24 days for its time-outs
_LONGEST_WAIT = 10_000 * 24.0  # hours
_MOST_BYTES = 1 << 50


def _postgres_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must begin with postgresql://")
    try:
        conninfo_to_dict(value)
    except psycopg.ProgrammingError:
        # Its message may quote the password.
        raise ValueError("is not a PostgreSQL URL; mind that / @ : # % in a password are written %XX") from None
    return value


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://[^/\s?#@]+/?", value):
        raise ValueError("must be an origin such as https://desk.example, without a path")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
PostgresUrl = Annotated[str, AfterValidator(_postgres_url)]


class Settings(BaseModel):
    """Every setting with its default; sizes in bytes, times in the unit of the name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path("./maildock-data"), description="what the embedded default keeps")
    database_url: PostgresUrl | None = Field(None, description="owner role; unset: an embedded PostgreSQL")
    app_database_url: PostgresUrl | None = Field(None, description="role that web and worker use")
    sweep_database_url: PostgresUrl | None = Field(None, description="role that looks for due work")
    storage_url: str | None = Field(None, description="where files are kept; unset: in the data dir")
    secret_key: str | None = Field(None, description="signs sessions, encrypts credentials; comma-separated rotates")
    public_url: Origin = Field("http://127.0.0.1:8484", description="origin that providers reach the webhooks at")
    provider_origins: tuple[Origin, ...] = Field((), description="further origins a web form may name")
    max_attachment_bytes: int = Field(104_857_600, gt=0, le=_MOST_BYTES, description="inclusive limit of a part")
    max_message_bytes: int = Field(268_435_456, gt=0, le=_MOST_BYTES, description="inclusive limit of a raw message")
    inline: Literal["skip", "keep"] = Field("skip", description="what becomes of a part judged inline")
    keep_original: bool = Field(default=False, description="also store the raw message as a document")
    max_attempts: int = Field(8, gt=0, le=1_000_000, description="refusals of an attachment before it is dead")
    give_up_hours: float = Field(72, gt=0, le=_LONGEST_WAIT, description="how long an outage may last")
    worker_concurrency: int = Field(8, gt=0, le=256, description="attachments in flight in one worker process")
    claim_seconds: float = Field(60, ge=0.5, le=_LONGEST_LEASE, description="lease of a claim")
    retry_seconds: float = Field(15, gt=0, le=_LONGEST_LEASE, description="first retry delay; doubles up to 15 minutes")
    poll_seconds: float = Field(300, gt=0, le=_LONGEST_LEASE, description="catch-up poll of each mailbox")
    metrics_token: str | None = Field(None, min_length=1, description="bearer token for /metrics")
    oidc_issuer: str | None = Field(None, description="whose logins are taken beside passwords (OpenID Connect)")
    oidc_client_id: str | None = Field(None, description="what the issuer knows this installation by")
    oidc_client_secret: str | None = Field(None, description="what this installation shows the issuer")
    oidc_tenant: str | None = Field(None, description="tenant of those who sign in there, by name or id")
    oidc_name: str = Field("single sign-on", max_length=60, description="what the login page calls it")
    oidc_agent_domains: tuple[str, ...] = Field((), description="email domains whose unknown people become agents")
    oidc_admin_claim: str | None = Field(None, description="claim=value that makes an admin, and its lack an agent")
    log_format: Literal["console", "json"] | None = Field(None, description="unset: console on a terminal")

    @field_validator("provider_origins", "oidc_agent_domains", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("secret_key")
    @classmethod
    def _some_key(cls, value: str | None) -> str | None:
        # Taken for unset, a key would be made up, and none of the credentials would open any more.
        if value is not None and not value.replace(",", " ").strip():
            raise ValueError("has commas, but no key; write one, such as `openssl rand -base64 36` prints, or unset it")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address such as https://accounts.google.com, without ? and #")
        return value

    @field_validator("oidc_agent_domains")
    @classmethod
    def _domains(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[^@\s/*]+\.[^@\s/*.]+", domain) for domain in value):
            raise ValueError("must be email domains such as shop.example, separated by commas")
        return tuple(domain.casefold() for domain in value)

    @field_validator("oidc_admin_claim")
    @classmethod
    def _claim(cls, value: str | None) -> str | None:
        if value is not None and not all(part.strip() for part in value.partition("=")):
            raise ValueError("must be claim=value, such as roles=maildock-admin")
        return value

    @field_validator("storage_url")
    @classmethod
    def _local_store_only(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = urlsplit(value)
        path = unquote_to_bytes(url.path)
        usable = url.scheme == "file" and url.netloc in {"", "localhost"} and not (url.query or url.fragment)
        if not usable or not path.startswith(b"/") or not path.strip(b"/") or b"\0" in path:
            raise ValueError("must be file:///absolute/path; a blank is written %20, a # is %23")
        return value

    @model_validator(mode="after")
    def _external_is_whole(self) -> Self:
        if not self.database_url and bool(self.app_database_url) != bool(self.sweep_database_url):
            missing = "SWEEP" if self.app_database_url else "APP"
            raise ValueError(f"{missing}_DATABASE_URL must be set, too, when there is no DATABASE_URL")
        if self.external and not self.secret_keys:
            raise ValueError("SECRET_KEY must be set when DATABASE_URL names an external database")
        return self

    @model_validator(mode="after")
    def _sign_on_is_whole(self) -> Self:
        needed = ("oidc_issuer", "oidc_client_id", "oidc_client_secret", "oidc_tenant")
        missing = [name for name in needed if getattr(self, name) is None]
        if missing and len(missing) < len(needed):
            raise ValueError(f"{missing[0].upper()} must be set, too, for single sign-on")
        return self

    @property
    def external(self) -> bool:
        """Whether the database is one that an operator runs, of which web and worker need not know the owner."""
        return bool(self.database_url or self.app_database_url)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The keys of `secret_key`, the newest first."""
        return tuple(key.strip() for key in (self.secret_key or "").split(",") if key.strip())

    @property
    def effective_storage_url(self) -> str:
        """The store's URL, with the default filled in."""
        return self.storage_url or (self.data_dir.absolute() / "files").as_uri()

    @property
    def effective_log_format(self) -> Literal["console", "json"]:
        """Logs go to standard error: readable on a terminal, JSON otherwise."""
        return self.log_format or ("console" if sys.stderr.isatty() else "json")


def _name(field: str) -> str:
    return PREFIX + field.upper()


def load(environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """Read the settings; an unknown variable or an unusable value is a `UsageError` that names it."""
    found = _read(dotenv)
    found.update(os.environ if environ is None else environ)
    given = {name: value for name, value in found.items() if name.startswith(PREFIX) and value is not None}
    known = {_name(field): field for field in Settings.model_fields}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise UsageError(f"{unknown[0]} is not a setting of maildock; {_advice(unknown[0], list(known))}")
    for name, value in given.items():
        # A path may hold any bytes; everything else is sent to somebody.
        if known[name] != "data_dir" and not _is_text(value):
            raise UsageError(f"{name} is not UTF-8")
    try:
        return Settings.model_validate({known[name]: value.strip() for name, value in given.items() if value.strip()})
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = _name(str(first["loc"][0])) + ": " if first["loc"] else PREFIX
        what = first["msg"].removeprefix("Value error, ")
        raise UsageError(f"{where}{what}") from None


def _read(dotenv: Path) -> dict[str, str | None]:
    try:
        if not dotenv.is_file():
            return {}
        text = dotenv.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise UsageError(f"{dotenv.absolute()} cannot be read: {why}") from problem
    for line in parse_stream(StringIO(text)):
        if line.error or ((line.key or "").startswith(PREFIX) and line.value is None):
            raise UsageError(f"{dotenv.absolute()}: line {line.original.line} is not NAME=value")
    return dict(dotenv_values(stream=StringIO(text)))


def _is_text(value: str) -> bool:
    """Say whether a value that the system gave us came from valid UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _advice(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name.removeprefix(PREFIX), [one.removeprefix(PREFIX) for one in known], 1)
    return f"did you mean {PREFIX}{close[0]}?" if close else "`maildock doctor --help` lists them"
