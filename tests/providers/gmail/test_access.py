"""Tokens, quota and refusals: what each means, and what to do about it."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from maildock.domain.errors import MaildockError, Refused, Throttled, Unauthorized, Unavailable
from maildock.providers.gmail import settings
from maildock.providers.gmail.quota import BURST, UNITS_A_SECOND, Quota
from tests.mail import mail
from tests.providers.gmail.conftest import ADDRESS, Connect, Desk, account
from tests.servers.google.faults import FaultKind


async def test_a_service_account_acts_for_the_mailbox(desk: Desk) -> None:
    await desk.provider.probe(desk.mailbox)
    assert [seen.mailbox for seen in desk.gmail.requests] == ["", ADDRESS]


async def test_a_refresh_token_opens_its_user_s_mailbox(connect: Connect) -> None:
    first = await connect()
    secret = settings.refresh_token_secret(first.gmail.client_secret, first.gmail.refresh_token(ADDRESS))
    desk = await connect(secret)
    await desk.provider.probe(desk.mailbox)
    assert desk.gmail.authority.issued == 1


async def test_credentials_of_another_mailbox_open_nothing(connect: Connect) -> None:
    first = await connect()
    first.gmail.mailbox("other@shop.example")
    secret = settings.refresh_token_secret(first.gmail.client_secret, first.gmail.refresh_token("other@shop.example"))
    desk = await connect(secret)
    with pytest.raises(Unauthorized):
        await desk.provider.changes(desk.mailbox, None)


async def test_many_who_wait_cause_one_request_for_a_token(desk: Desk) -> None:
    await asyncio.gather(*(desk.provider.probe(desk.mailbox) for _ in range(8)))
    assert desk.gmail.authority.asked == 1


async def test_a_token_that_expired_is_renewed_once(desk: Desk) -> None:
    await desk.provider.probe(desk.mailbox)
    desk.gmail.authority.expire_tokens()
    await desk.provider.probe(desk.mailbox)
    assert (desk.gmail.authority.issued, desk.gmail.authority.unauthorized) == (2, 1)


async def test_a_token_is_renewed_before_it_expires(desk: Desk) -> None:
    desk.gmail.authority.token_seconds = 4
    await desk.provider.probe(desk.mailbox)
    await asyncio.sleep(2.1)
    await desk.provider.probe(desk.mailbox)
    assert (desk.gmail.authority.issued, desk.gmail.authority.unauthorized) == (2, 0)


async def test_tokens_that_are_never_taken_close_the_mailbox(desk: Desk) -> None:
    desk.gmail.fault("/profile", times=9, kind="unauthorized")
    with pytest.raises(Unauthorized, match="does not take"):
        await desk.provider.probe(desk.mailbox)
    assert desk.gmail.authority.issued == 2


async def test_a_withdrawn_consent_says_what_to_do(connect: Connect) -> None:
    first = await connect()
    secret = settings.refresh_token_secret(first.gmail.client_secret, first.gmail.refresh_token(ADDRESS))
    desk = await connect(secret)
    await desk.provider.probe(desk.mailbox)
    desk.gmail.authority.revoke(ADDRESS)
    with pytest.raises(Unauthorized, match="withdrawn or has expired") as caught:
        await desk.provider.probe(desk.mailbox)
    assert "testing" in str(caught.value.remedy)


async def test_each_refusal_of_a_token_has_its_own_words(connect: Connect) -> None:
    desk = await connect()
    refresh = settings.refresh_token_secret("wrong", desk.gmail.refresh_token(ADDRESS))
    desk.gmail.account.delegated.clear()
    stranger = json.dumps({"service_account": account(desk) | {"client_email": "nobody@x.example"}})
    for secret, words in ((refresh, "OAuth client"), ("", "may not read this domain"), (stranger, "does not exist")):
        wrong = await connect(secret)
        with pytest.raises(Unauthorized, match=words) as caught:
            await wrong.provider.probe(wrong.mailbox)
        assert caught.value.remedy


async def test_a_mailbox_that_google_does_not_know(connect: Connect) -> None:
    desk = await connect(address="nobody@shop.example")
    desk.gmail.remove_mailbox("nobody@shop.example")
    with pytest.raises(Unauthorized, match="no such mailbox"):
        await desk.provider.probe(desk.mailbox)


@pytest.mark.parametrize("kind", ["unavailable", "garbage", "redirect", "cut"])
async def test_no_token_for_now_is_an_outage(desk: Desk, kind: FaultKind) -> None:
    desk.gmail.fault("/token", kind=kind)
    with pytest.raises(Unavailable):
        await desk.provider.probe(desk.mailbox)


@pytest.mark.parametrize(
    ("kind", "error", "wait"),
    [
        *(("throttled", Throttled, 7), ("user_rate", Throttled, 7), ("rate", Throttled, 7), ("daily", Throttled, 7)),
        *(("error", Unavailable, 7), ("bad_gateway", Unavailable, 7), ("unavailable", Unavailable, 7)),
        *(("insufficient", Unauthorized, None), ("not_configured", Unauthorized, None)),
        *(("domain_policy", Unauthorized, None), ("denied", Unauthorized, None), ("no_mail", Unauthorized, None)),
        ("not_found", Unauthorized, None),
    ],
)
async def test_a_refusal_means_one_thing(
    desk: Desk, kind: FaultKind, error: type[MaildockError], wait: float | None
) -> None:
    desk.gmail.fault("/profile", kind=kind, retry_after=7)
    with pytest.raises(error) as caught:
        await desk.provider.probe(desk.mailbox)
    assert getattr(caught.value, "retry_after", None) == wait
    assert not isinstance(caught.value, Unauthorized) or caught.value.remedy


async def test_a_day_s_limit_is_waited_for_an_hour(desk: Desk) -> None:
    desk.gmail.fault("/profile", kind="daily")
    with pytest.raises(Throttled) as caught:
        await desk.provider.probe(desk.mailbox)
    assert caught.value.retry_after == 3600


async def test_an_item_s_own_refusal_is_that_item_s(desk: Desk) -> None:
    desk.gmail.fault("/messages/", kind="bad_token")
    with pytest.raises(Refused):
        await desk.fetch(desk.inbox.deliver(mail("Hello")))


async def test_a_mailbox_spends_no_more_than_its_share() -> None:
    quota, desk = Quota(), _ids()
    for _ in range(int(BURST) // 100):
        await quota.spend(*desk, 100)
    await quota.spend(*desk, 10)
    with pytest.raises(Throttled) as caught:
        await quota.spend(*desk, 500)
    assert 5 < (caught.value.retry_after or 0) < 7
    await quota.spend(*_ids(), 100)
    assert BURST + 60 * UNITS_A_SECOND <= 6000


def _ids() -> tuple[UUID, UUID]:
    return uuid4(), uuid4()
