from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from maildock.flow.health import judge
from maildock.tables.email_providers import OpenWork, ProviderRow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING = OpenWork(0, 0)
FINE = ProviderRow(
    provider_id=UUID(int=1),
    kind="microsoft",
    mailbox="desk@shop.example",
    status="active",
    status_reason=None,
    status_remedy=None,
    self_paused=False,
    since=NOW,
    quiet_until=None,
    poll_at=NOW + timedelta(seconds=60),
    poll_error=None,
    poll_failures=0,
    recovered_at=None,
    recovered=0,
    watch_at=NOW + timedelta(days=1),
    watch_error=None,
    watch_remedy=None,
    last_push_at=None,
    last_poll_at=NOW - timedelta(seconds=10),
    last_mail_at=None,
    created_at=NOW - timedelta(days=9),
)


def test_a_mailbox_that_answers_is_fine() -> None:
    assert judge(FINE, NOTHING, 300, NOW).status == "ok"


def test_a_start_that_is_still_to_come_is_told() -> None:
    told = judge(replace(FINE, since=NOW + timedelta(days=1)), NOTHING, 300, NOW)
    assert (told.status, told.reason) == ("ok", "nothing is read yet: mail is taken in from 2026-01-02T00:00:00Z on")


def test_silence_is_told_unless_either_way_speaks() -> None:
    silent = replace(FINE, last_poll_at=NOW - timedelta(hours=1))
    assert judge(silent, NOTHING, 300, NOW).status == "degraded"
    assert "no push and no successful poll for 3600 s" in (judge(silent, NOTHING, 300, NOW).reason or "")
    for heard in (replace(silent, last_push_at=NOW), replace(silent, last_poll_at=NOW)):
        assert judge(heard, NOTHING, 300, NOW).status == "ok"


def test_raw_mail_is_never_silent() -> None:
    raw = replace(FINE, kind="file", poll_at=None, watch_at=None, last_poll_at=None)
    assert judge(raw, NOTHING, 300, NOW).status == "ok"


def test_one_failed_poll_is_a_hiccup_and_two_are_told() -> None:
    once = replace(FINE, poll_error="graph.example did not answer in time", poll_failures=1)
    assert judge(once, NOTHING, 300, NOW).status == "ok"
    twice = judge(replace(once, poll_failures=2), NOTHING, 300, NOW)
    assert (twice.status, twice.reason) == ("degraded", "graph.example did not answer in time")


def test_what_is_paused_says_why_and_what_to_do() -> None:
    closed = replace(
        FINE, status="paused", self_paused=True, status_reason="the client secret has expired", status_remedy="renew it"
    )
    found = judge(closed, NOTHING, 300, NOW)
    assert (found.status, found.reason) == ("paused", "the client secret has expired")
    assert found.remedy == f"renew it; then `maildock providers resume {FINE.provider_id}`"


def test_a_mailbox_by_polling_alone_says_what_keeps_push_away() -> None:
    found = judge(replace(FINE, watch_error="the handshake failed", watch_remedy="open the port"), NOTHING, 300, NOW)
    assert (found.status, found.remedy) == ("degraded", "open the port")
    assert "the handshake failed" in (found.reason or "")


def test_what_failed_for_good_is_told() -> None:
    assert judge(FINE, OpenWork(3, 2), 300, NOW).status == "degraded"
