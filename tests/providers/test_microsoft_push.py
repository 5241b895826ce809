"""Microsoft tells us of mail, and of its subscriptions' fate; whoever else tells us something is not believed."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.desk import TICKETS
from tests.mail import mail
from tests.providers.hearing import hearing, until, working
from tests.providers.vendors import ADDRESS, MailboxDesk, Microsoft, connected
from tests.servers.graph import GraphServer
from tests.web.server import Client

SUBSCRIPTIONS = (
    "SELECT client_state, subscription_id, renewed_at, expires_at, ended_at FROM push_subscriptions"
    " WHERE tenant = %(tenant)s ORDER BY created_at"
)


@dataclass(frozen=True)
class Pushed:
    """A mailbox that Microsoft notifies us of, a worker, and the web that hears it."""

    box: MailboxDesk
    graph: GraphServer
    web: Client

    @property
    def hook(self) -> str:
        return f"/webhooks/microsoft/{self.box.desk.tenant.tenant}/{self.box.provider_id}"

    async def subscriptions(self) -> list[dict[str, Any]]:
        return await self.box.desk.all(SUBSCRIPTIONS)

    async def subscribed(self) -> bool:
        return any(row["subscription_id"] and not row["ended_at"] for row in await self.subscriptions())

    async def tickets(self) -> list[str]:
        return [ticket["subject"] for ticket in await self.box.desk.all(TICKETS)]

    async def look_again(self) -> None:
        await self.box.desk.all(
            "UPDATE email_providers SET watch_at = now() WHERE tenant = %(tenant)s AND watch_at IS NOT NULL"
        )


@pytest.fixture
async def pushed(environment: dict[str, str], owner_dsn: str, tmp_path: Path) -> AsyncIterator[Pushed]:
    async with GraphServer() as graph, hearing(environment, owner_dsn, tmp_path, 600) as heard:
        graph.webhooks.retry_seconds = 0.01
        async with working(heard.desk):
            yield Pushed(await connected(heard.desk, Microsoft(graph)), graph, heard.web)


async def test_mail_is_there_without_waiting_for_a_poll(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    pushed.graph.mailbox(ADDRESS).deliver(mail("Printer").attach("a.txt", b"hello"))
    began = time.monotonic()

    async def stored() -> bool:
        return await pushed.box.desk.documents() == {"a.txt": b"hello"}

    await until(stored)
    assert time.monotonic() - began < 5
    assert (await pushed.box.provider())["last_push_at"]


async def test_repeated_and_mixed_batches_make_one_ticket(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    pushed.graph.push.copies.turns, pushed.graph.push.mixed = (20,), True
    pushed.graph.mailbox(ADDRESS).deliver(mail("Printer"))
    await pushed.graph.push.settled()

    async def filed() -> bool:
        return bool(await pushed.tickets())

    await until(filed)
    assert await pushed.tickets() == ["Printer"]


async def test_a_notification_before_its_subscription_was_granted_is_taken(pushed: Pushed) -> None:
    pushed.graph.push.early = True
    await until(pushed.subscribed)
    (row,) = await pushed.subscriptions()
    await pushed.box.desk.all("UPDATE push_subscriptions SET ended_at = now() WHERE tenant = %(tenant)s")
    pushed.graph.push.silent = True
    pushed.graph.mailbox(ADDRESS).deliver(mail("Early"))
    await pushed.look_again()
    await until(pushed.subscribed)

    async def filed() -> bool:
        return await pushed.tickets() == ["Early"]

    await until(filed)
    assert (await pushed.subscriptions())[-1]["client_state"] != row["client_state"]


async def test_a_removed_subscription_is_made_anew_and_what_it_missed_is_found(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    pushed.graph.push.silent = True
    pushed.graph.mailbox(ADDRESS).deliver(mail("Missed"))
    await pushed.graph.push.lifecycle("subscriptionRemoved")

    async def mended() -> bool:
        return await pushed.subscribed() and await pushed.tickets() == ["Missed"]

    await until(mended)
    assert len([row for row in await pushed.subscriptions() if not row["ended_at"]]) == 1


async def test_missed_notifications_are_made_up_for(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    pushed.graph.push.silent = True
    pushed.graph.mailbox(ADDRESS).deliver(mail("Missed"))
    await pushed.graph.push.lifecycle("missed")

    async def filed() -> bool:
        return await pushed.tickets() == ["Missed"]

    await until(filed)


async def test_a_subscription_is_renewed_when_microsoft_asks_for_it(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    (before,) = await pushed.subscriptions()
    await pushed.graph.push.lifecycle("reauthorizationRequired")

    async def renewed() -> bool:
        (row,) = await pushed.subscriptions()
        return row["renewed_at"] is not None and row["renewed_at"] > before["renewed_at"]

    await until(renewed)
    assert [seen.method for seen in pushed.graph.requests if "/subscriptions" in seen.target] == ["POST", "PATCH"]


async def test_a_subscription_is_renewed_at_half_its_life(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    await pushed.look_again()
    await pushed.box.desk.all(
        "UPDATE push_subscriptions SET renewed_at = now() - interval '4 days', expires_at = now() + interval '3 days'"
        " WHERE tenant = %(tenant)s"
    )
    await pushed.look_again()

    async def renewed() -> bool:
        return any(seen.method == "PATCH" for seen in pushed.graph.requests)

    await until(renewed)


async def test_a_subscription_that_vanished_is_made_anew(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    (before,) = await pushed.subscriptions()
    for subscription in list(pushed.graph.subscriptions.active()):
        pushed.graph.subscriptions.end(subscription)
    await pushed.box.desk.all("UPDATE push_subscriptions SET renewed_at = NULL WHERE tenant = %(tenant)s")
    await pushed.look_again()

    async def another() -> bool:
        alive = [row for row in await pushed.subscriptions() if row["subscription_id"] and not row["ended_at"]]
        return [row["subscription_id"] for row in alive] not in ([], [before["subscription_id"]])

    await until(another)


async def test_every_request_prefers_ids_that_stay(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    pushed.graph.mailbox(ADDRESS).deliver(mail("Printer").attach("a.txt", b"hello"))
    await pushed.box.work_until_settled()
    assert pushed.graph.requests
    assert all(seen.immutable for seen in pushed.graph.requests)


@pytest.mark.parametrize("path", ["", "/lifecycle"])
async def test_the_handshake_gives_the_token_back_as_text(pushed: Pushed, path: str) -> None:
    answer = await pushed.web("POST", f"{pushed.hook}{path}?validationToken=a%20b%3Cscript%3E")
    assert (answer.status, answer.body) == (200, b"a b<script>")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["?validationToken=x", "/lifecycle?validationToken=x", "", "/lifecycle"])
async def test_an_unknown_mailbox_is_404(pushed: Pushed, path: str) -> None:
    unknown = "00000000-0000-0000-0000-000000000000"
    for hook in (
        f"/webhooks/microsoft/{pushed.box.desk.tenant.tenant}/{unknown}",
        f"/webhooks/microsoft/{unknown}/{pushed.box.provider_id}",
        "/webhooks/microsoft/x/y",
    ):
        assert (await pushed.web.post_json(hook + path, {"value": []})).status == 404


async def test_who_does_not_quote_our_state_is_refused(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    state = (await pushed.subscriptions())[0]["client_state"]
    forged = [{"clientState": "guess", "resourceData": {"id": "x"}}, {"resourceData": {"id": "x"}}, {"clientState": ""}]
    for items in ([forged[0]], [forged[1]], forged):
        assert (await pushed.web.post_json(pushed.hook, {"value": items})).status == 403
    right = {"clientState": state, "resourceData": {"id": "right"}}
    assert (await pushed.web.post_json(pushed.hook, {"value": [*forged, right]})).status == 202
    assert (await pushed.web.post_json(pushed.hook, {"value": []})).status == 202
    assert set(await pushed.box.emails()) == {"right"}


async def test_what_was_on_its_way_when_its_subscription_ended_is_taken(pushed: Pushed) -> None:
    await until(pushed.subscribed)
    state = (await pushed.subscriptions())[0]["client_state"]
    removed = {"clientState": state, "lifecycleEvent": "subscriptionRemoved"}
    for _ in range(2):
        answer = await pushed.web.post_json(f"{pushed.hook}/lifecycle", {"value": [removed]})
        assert answer.status == 202
    late = {"clientState": state, "resourceData": {"id": "late"}}
    assert (await pushed.web.post_json(pushed.hook, {"value": [late]})).status == 202
    await pushed.box.desk.all(
        "UPDATE push_subscriptions SET ended_at = now() - interval '2 days' WHERE tenant = %(tenant)s"
    )
    assert (await pushed.web.post_json(pushed.hook, {"value": [late]})).status == 403


async def test_what_is_no_batch_is_told_so(pushed: Pushed) -> None:
    for body in (b"", b"{", b"[]", b'{"value": 1}', b'{"value": [1]}', b"[" * 100_000):
        assert (await pushed.web("POST", pushed.hook, body)).status == 400
    assert (await pushed.web("POST", pushed.hook, b" " * ((1 << 20) + 1))).status == 413
