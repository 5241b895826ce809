"""What Graph's errors mean."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from maildock.domain.errors import MaildockError, NotThere, Refused, Throttled, Unauthorized, Unavailable
from maildock.providers.http import Answer
from maildock.providers.microsoft.refusals import GatewayTimeout, SyncLost, refusal
from maildock.providers.retry_after import retry_after


def error(status: int, code: str, *, about_mailbox: bool = True, **headers: str) -> MaildockError:
    inner = {"request-id": "r-1"}
    content = {"error": {"code": code, "message": "No a@b.example \x00here.", "innerError": inner}}
    return refusal(Answer(status, headers, json.dumps(content).encode()), about_mailbox=about_mailbox)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "ApplicationThrottled", Throttled),
        (503, "ApplicationThrottled", Throttled),
        (503, "ServiceUnavailable", Unavailable),
        (504, "UnknownError", GatewayTimeout),
        (400, "ErrorServerBusy", Unavailable),
        (404, "ErrorItemNotFound", NotThere),
        (404, "ErrorInvalidUser", Unauthorized),
        (404, "MailboxNotEnabledForRESTAPI", Unauthorized),
        (404, "ResourceNotFound", Unauthorized),
        (401, "InvalidAuthenticationToken", Unauthorized),
        (403, "ErrorAccessDenied", Unauthorized),
        (403, "Anything", Unauthorized),
        (410, "Anything", SyncLost),
        (400, "syncStateNotFound", SyncLost),
        (400, "ErrorInvalidIdMalformed", Refused),
        (405, "ErrorInvalidRequest", Refused),
        (302, "", Unavailable),
        (304, "", Unavailable),
    ],
)
def test_each_status_and_code_has_its_error(status: int, code: str, kind: type[MaildockError]) -> None:
    assert type(error(status, code)) is kind


def test_a_subscription_that_is_not_found_is_no_mailbox_that_is_not() -> None:
    assert type(error(404, "ResourceNotFound", about_mailbox=False)) is NotThere


def test_it_says_code_and_request_on_one_line_without_addresses() -> None:
    assert str(error(400, "Bad")) == "Graph answers 400 Bad: No …  here. (request-id r-1)"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 1}', b'{"error": {"code": {}}}', b"\xff"])
def test_an_error_that_nobody_can_read_has_its_status(body: bytes) -> None:
    assert type(refusal(Answer(404, {"request-id": "x"}, body), about_mailbox=True)) is NotThere
    assert type(refusal(Answer(503, {"retry-after": "7"}, body), about_mailbox=True)) is Unavailable


def test_closed_mailboxes_have_a_remedy() -> None:
    for code in ("ErrorInvalidUser", "ErrorAccessDenied", "MailboxNotEnabledForRESTAPI", "Anything"):
        found = error(403, code)
        assert isinstance(found, Unauthorized)
        assert found.remedy


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("99999999999999999999", 3600.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("٣", None),
    ],
)
def test_how_long_to_wait_is_seconds_or_a_date(said: str, seconds: float | None) -> None:
    found = retry_after({"retry-after": said})
    assert found == (seconds if seconds is None else pytest.approx(seconds, abs=60))


@pytest.mark.parametrize(("minutes", "seconds"), [(30, 1800.0), (-1, 0.0)])
def test_a_date_to_wait_for_is_told_in_seconds(minutes: int, seconds: float) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
    assert retry_after({"retry-after": until}) == pytest.approx(seconds, abs=60)
