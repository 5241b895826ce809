"""The forms that connect mailboxes: what was typed, read field by field into what is to be connected."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from maildock.domain.errors import MaildockError, UsageError
from maildock.flow.connect import NewMailbox, checked_address
from maildock.providers.gmail import settings as google
from maildock.providers.http import Origin
from maildock.providers.microsoft import settings as microsoft
from maildock.web import endpoints

SECRETS = ("client_secret", "certificate", "service_account", "service_account_file", "refresh_token")
TYPED = {
    "microsoft": ("mailbox", "directory_id", "client_id", "folder", "since", "graph_url", "authority_url"),
    "gmail": (
        *("mailbox", "client_id", "label", "since", "topic", "push_service_account"),
        *("gmail_url", "token_url", "certs_url"),
    ),
}
CHANGEABLE = {"microsoft": microsoft.CHANGEABLE, "gmail": google.CHANGEABLE}
_LONGEST = 1000
_FIRST_YEAR = 1970
_Value = TypeVar("_Value")


class WrongFields(MaildockError):
    """Some fields of the form will not do."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        """Keep what is wrong with each, by its name."""
        super().__init__()
        self.wrong = wrong


@dataclass(slots=True)
class _Reading:
    """A form that is read; `wrong` collects what will not do, by the field's name."""

    fields: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def take(self, name: str, read: Callable[[str], _Value]) -> _Value | None:
        """Read a field; `None` where it will not do."""
        text = self.text(name)
        if name not in SECRETS and (not text.isprintable() or len(text) > _LONGEST):
            self.wrong[name] = "write a short line of plain text"
            return None
        try:
            return read(text)
        except UsageError as problem:
            self.wrong[name] = str(problem)
            return None

    def done(self) -> None:
        if self.wrong:
            raise WrongFields(self.wrong)


def read_new(kind: str, fields: Mapping[str, str], further: frozenset[Origin]) -> NewMailbox:
    """Read a form into a mailbox to connect; raises `WrongFields`."""
    form = _Reading(fields)
    address = form.take("mailbox", checked_address)
    since = form.take("since", _moment)
    secret = _secret(kind, form)
    settings = {"microsoft": _microsoft, "gmail": _gmail}[kind](form, further)
    return NewMailbox(kind, address or "", settings, secret, since)


def read_secret(kind: str, fields: Mapping[str, str]) -> str:
    """Read the credentials of a form alone; raises `WrongFields`."""
    form = _Reading(fields)
    secret = _secret(kind, form)
    form.done()
    return secret


def read_settings(kind: str, fields: Mapping[str, str], settings: str) -> str:
    """Read what can be changed of a connection's settings into them; raises `WrongFields`."""
    form = _Reading(fields)
    if kind == "microsoft":
        form.take("folder", lambda text: microsoft.changed(settings, text))
        form.done()
        return microsoft.changed(settings, form.text("folder"))
    _take_google(form)
    form.done()
    return google.changed(settings, *(form.text(name) for name in google.CHANGEABLE))


def _microsoft(form: _Reading, further: frozenset[Origin]) -> str:
    form.take("directory_id", lambda text: microsoft.new_connection(text, "x"))
    form.take("client_id", lambda text: microsoft.new_connection("x", text))
    form.take("folder", lambda text: microsoft.new_connection("x", "x", text))
    graph = form.take("graph_url", lambda text: endpoints.origin(text, endpoints.GRAPHS, further))
    authority = form.take("authority_url", lambda text: endpoints.origin(text, endpoints.LOGINS, further))
    if graph and not authority:
        form.take("authority_url", lambda _: microsoft.new_connection("x", "x", "", graph))
    form.done()
    given = (form.text("directory_id"), form.text("client_id"), form.text("folder"))
    settings = microsoft.new_connection(*given, graph, authority)
    return endpoints.with_grants(settings, ((graph, endpoints.GRAPHS), (authority, endpoints.LOGINS)))


def _gmail(form: _Reading, further: frozenset[Origin]) -> str:
    _take_google(form)
    gmail = form.take("gmail_url", lambda text: endpoints.origin(text, endpoints.GMAILS, further))
    token = form.take("token_url", lambda text: endpoints.address(text, endpoints.TOKENS, further))
    certs = form.take("certs_url", lambda text: endpoints.address(text, endpoints.CERTS, further))
    form.done()
    plain = (form.text("label"), form.text("topic"), form.text("push_service_account"))
    settings = google.new_connection(*plain, gmail or "", token or "", certs or "", form.text("client_id"))
    named = (gmail, endpoints.GMAILS), (token, endpoints.TOKENS), (certs, endpoints.CERTS)
    return endpoints.with_grants(settings, named)


def _take_google(form: _Reading) -> None:
    form.take("topic", lambda text: google.new_connection("", text, "", "", "", "", ""))
    form.take("push_service_account", lambda text: google.new_connection("", "", text, "", "", "", ""))
    form.take("label", lambda text: text)


def _secret(kind: str, form: _Reading) -> str:
    return (_microsoft_secret if kind == "microsoft" else _google_secret)(form) or ""


def _microsoft_secret(form: _Reading) -> str | None:
    if not form.text("certificate"):
        return form.take("client_secret", lambda text: microsoft.new_secret(client_secret=text))
    if form.text("client_secret"):
        form.wrong["certificate"] = "give either a client secret or a certificate"
        return None
    return form.take("certificate", lambda text: microsoft.new_secret(certificate=text))


def _google_secret(form: _Reading) -> str | None:
    ways = [name for name in ("service_account", "service_account_file", "refresh_token") if form.text(name)]
    if len(ways) != 1:
        form.wrong[ways[-1] if ways else "service_account"] = (
            "give one of them only: a pasted key, a file, or a refresh token"
            if ways
            else "give a service account's key, or an OAuth client's secret with a refresh token"
        )
        return None
    if ways == ["refresh_token"]:
        return _refresh_token(form)
    return form.take(ways[0], google.service_account_secret)


def _refresh_token(form: _Reading) -> str | None:
    if "client_id" in form.fields:
        form.take("client_id", _present)
    form.take("client_secret", lambda text: google.refresh_token_secret(text, "x"))
    client_secret = "x" if "client_secret" in form.wrong else form.text("client_secret")
    return form.take("refresh_token", lambda text: google.refresh_token_secret(client_secret, text))


def _present(text: str) -> str:
    if not text:
        raise UsageError("a refresh token needs the id of the OAuth client that it was given to")
    return text


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UsageError("write a day and a time such as 2026-01-31T09:00") from problem
    if found.year < _FIRST_YEAR:
        raise UsageError(f"nothing came in before {_FIRST_YEAR}")
    return found.replace(tzinfo=found.tzinfo or UTC)
