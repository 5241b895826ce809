"""A form that connects a mailbox is read field by field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from maildock.providers.http import Origin
from maildock.web.pages.mailbox_forms import WrongFields, read_new

MICROSOFT = {"mailbox": "desk@shop.example", "directory_id": str(uuid4()), "client_id": str(uuid4())}
GMAIL = {"mailbox": "desk@shop.example"}
TOKEN = {"client_id": "c", "client_secret": "s", "refresh_token": "r"}


def wrong(kind: str, fields: dict[str, str]) -> set[str]:
    with pytest.raises(WrongFields) as caught:
        read_new(kind, fields, frozenset())
    return set(caught.value.wrong)


@pytest.mark.parametrize(
    ("since", "read"),
    [
        ("", None),
        ("2026-01-31T09:00", datetime(2026, 1, 31, 9, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_start_is_in_utc_and_may_be_left_out(since: str, read: datetime | None) -> None:
    new = read_new("microsoft", {**MICROSOFT, "client_secret": "s", "since": since}, frozenset())
    assert (new.since, json.loads(new.settings)["graph_url"]) == (read, "https://graph.microsoft.com")


@pytest.mark.parametrize("since", ["yesterday", "1815-12-10", "2026-13-01T00:00", "9" * 2000])
def test_a_start_that_is_no_time_is_named(since: str) -> None:
    assert wrong("microsoft", {**MICROSOFT, "client_secret": "s", "since": since}) == {"since"}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, {"service_account"}),
        ({**TOKEN, "service_account": "{}"}, {"refresh_token"}),
        ({"service_account_file": "{}", "service_account": "{}"}, {"service_account_file"}),
        ({"service_account": "{}"}, {"service_account"}),
        ({**TOKEN, "client_id": ""}, {"client_id"}),
        ({**TOKEN, "client_secret": ""}, {"client_secret"}),
        ({**TOKEN, "client_secret": "a b", "refresh_token": "a b"}, {"client_secret", "refresh_token"}),
    ],
)
def test_google_is_opened_in_one_way(fields: dict[str, str], named: set[str]) -> None:
    assert wrong("gmail", {**GMAIL, **fields}) == named


def test_a_refresh_token_is_kept_with_its_clients_secret() -> None:
    new = read_new("gmail", {**GMAIL, **TOKEN}, frozenset())
    assert json.loads(new.secret) == {"client_secret": "s", "refresh_token": "r"}
    assert json.loads(new.settings)["client_id"] == "c"


def test_microsoft_is_opened_by_a_secret_or_a_certificate() -> None:
    assert wrong("microsoft", MICROSOFT) == {"client_secret"}
    assert wrong("microsoft", {**MICROSOFT, "client_secret": "s", "certificate": "x"}) == {"certificate"}
    assert wrong("microsoft", {**MICROSOFT, "certificate": "x"}) == {"certificate"}


def test_a_cloud_of_its_own_needs_its_own_login() -> None:
    fields = {**MICROSOFT, "client_secret": "s", "graph_url": "https://graph.microsoft.us"}
    settings = json.loads(read_new("microsoft", fields, frozenset()).settings)
    assert settings["authority_url"] == "https://login.microsoftonline.us"
    further = frozenset((Origin.parse("https://graph.example"),))
    with pytest.raises(WrongFields) as caught:
        read_new("microsoft", {**fields, "graph_url": "https://graph.example"}, further)
    assert set(caught.value.wrong) == {"authority_url"}
