"""Vendors as the contract suite sees them: a local server, one connected mailbox, and what can happen to its mail."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from maildock.flow.ask_now import ask_now
from maildock.flow.connect import NewMailbox, connect
from maildock.providers.gmail import settings as gmail_settings
from maildock.providers.microsoft.settings import new_connection, new_secret
from maildock.worker.worker import Worker
from tests.desk import EMAILS, LEDGER, Desk
from tests.mail import Mail
from tests.servers.copies import Copies
from tests.servers.gmail import GmailServer
from tests.servers.google.push import TOPIC
from tests.servers.graph import GraphServer

ADDRESS = "desk@shop.example"
PUSHER = "push@maildock-test.iam.gserviceaccount.com"
PATIENCE = 60.0


class Vendor(ABC):
    """A vendor's local server with one mailbox."""

    kind: str
    files_path: str  # what every request for an attachment's bytes contains
    soon: int  # how many mails of three files its quota lets through in less than a minute
    origin = ""  # where mailboxes hear of new mail that are connected from now on; nowhere where it is empty
    copies: Copies

    @abstractmethod
    def new_mailbox(self, address: str, since: datetime | None) -> NewMailbox:
        """Say how the mailbox is connected."""

    @abstractmethod
    def wrong_secret(self) -> str:
        """Give credentials that open nothing."""

    @abstractmethod
    def deliver(self, mail: Mail | bytes, address: str = ADDRESS, **more: Any) -> str:
        """Let a mail arrive; gives its `email_id`."""

    @abstractmethod
    def delete(self, email_id: str) -> None:
        """Delete a mail for good."""

    @abstractmethod
    def move(self, email_id: str) -> None:
        """Move a mail elsewhere."""

    @abstractmethod
    def lose_place(self) -> None:
        """Forget where every reader stood."""

    @abstractmethod
    def fault(self, match: str, times: int, kind: str, **more: Any) -> None:
        """Let requests go wrong."""

    @abstractmethod
    def storm(self, share: float) -> None:
        """Let a share of all requests go wrong, each in some way."""

    @abstractmethod
    def stormed(self) -> int:
        """Give how many requests went wrong in that way."""

    @abstractmethod
    def lift_limits(self) -> None:
        """Let any number of requests be made in a minute: one mailbox serves the desks of many lives."""

    @abstractmethod
    def subscribe(self, hook: str) -> None:
        """Do what an administrator does so that a mailbox hears of new mail."""

    @abstractmethod
    def peak(self, address: str = ADDRESS) -> int:
        """Give the most requests that were under way at once for a mailbox."""

    @abstractmethod
    def lock_out(self) -> Callable[[], None]:
        """Close the door to us; gives what opens it again."""


class Microsoft(Vendor):
    """Microsoft Graph."""

    kind = "microsoft"
    files_path = "/$value"
    soon = 100

    def __init__(self, server: GraphServer) -> None:
        self.server = server
        self.copies = server.push.copies

    def new_mailbox(self, address: str, since: datetime | None) -> NewMailbox:
        self.server.mailbox(address)
        settings = new_connection(
            self.server.directory_id, self.server.client_id, "inbox", self.server.url, self.server.url
        )
        return NewMailbox(self.kind, address, settings, new_secret(client_secret=self.server.client_secret), since)

    def wrong_secret(self) -> str:
        return new_secret(client_secret="wrong")

    def deliver(self, mail: Mail | bytes, address: str = ADDRESS, **more: Any) -> str:
        return self.server.mailbox(address).deliver(mail, **more).immutable_id

    def delete(self, email_id: str) -> None:
        mailbox = self.server.mailbox(ADDRESS)
        mailbox.delete(mailbox.message(email_id))

    def move(self, email_id: str) -> None:
        mailbox = self.server.mailbox(ADDRESS)
        mailbox.move(mailbox.message(email_id), "archive")

    def lose_place(self) -> None:
        self.server.mailbox(ADDRESS).lose_sync()

    def fault(self, match: str, times: int, kind: str, **more: Any) -> None:
        self.server.fault(match, times, kind, **more)  # type: ignore[arg-type]

    def storm(self, share: float) -> None:
        self.server.throttle.retry_after = 0
        kinds = ("throttled", "error", "bad_gateway", "unavailable", "not_found", "denied", "unauthorized", "garbage")
        self.server.faults.storm(share, (*kinds, "cut", "reset", "redirect"))

    def stormed(self) -> int:
        return self.server.faults.stormed

    def lift_limits(self) -> None:
        self.server.throttle.window_requests = 1_000_000_000

    def subscribe(self, hook: str) -> None:
        """Nothing: the mailbox's own subscription says where."""

    def peak(self, address: str = ADDRESS) -> int:
        return self.server.traffic(address).peak

    def lock_out(self) -> Callable[[], None]:
        mailbox = self.server.mailbox(ADDRESS)
        mailbox.denied = True

        def open_again() -> None:
            mailbox.denied = False

        return open_again


class Gmail(Vendor):
    """Gmail."""

    kind = "gmail"
    files_path = "/attachments/"
    soon = 25

    def __init__(self, server: GmailServer) -> None:
        self.server = server
        self.copies = server.push.copies

    def new_mailbox(self, address: str, since: datetime | None) -> NewMailbox:
        self.server.mailbox(address)
        certs = f"{self.server.url}/oauth2/v3/certs"
        urls = self.server.url, self.server.token_url, certs
        pushed = (TOPIC, PUSHER) if self.origin else ("", "")
        settings = gmail_settings.new_connection("", *pushed, *urls, "")
        secret = gmail_settings.service_account_secret(self.server.account_file.read_text())
        return NewMailbox(self.kind, address, settings, secret, since)

    def wrong_secret(self) -> str:
        return gmail_settings.refresh_token_secret("wrong", "wrong")

    def deliver(self, mail: Mail | bytes, address: str = ADDRESS, **more: Any) -> str:
        return self.server.mailbox(address).deliver(mail, **more).message_id

    def delete(self, email_id: str) -> None:
        mailbox = self.server.mailbox(ADDRESS)
        mailbox.delete(mailbox.message(email_id))

    def move(self, email_id: str) -> None:
        mailbox = self.server.mailbox(ADDRESS)
        mailbox.move(mailbox.message(email_id), "STARRED")

    def lose_place(self) -> None:
        self.server.mailbox(ADDRESS).forget_history()

    def fault(self, match: str, times: int, kind: str, **more: Any) -> None:
        self.server.fault(match, times, kind, **more)  # type: ignore[arg-type]

    def storm(self, share: float) -> None:
        self.server.throttle.retry_after = 0
        kinds = ("throttled", "user_rate", "error", "bad_gateway", "unavailable", "not_found", "denied", "bad_token")
        self.server.faults.storm(share, (*kinds, "unauthorized", "garbage", "cut", "reset", "short", "redirect"))

    def stormed(self) -> int:
        return self.server.faults.stormed

    def lift_limits(self) -> None:
        self.server.throttle.user_units = 1_000_000_000

    def subscribe(self, hook: str) -> None:
        self.server.push.subscribe(hook, email=PUSHER)

    def peak(self, address: str = ADDRESS) -> int:
        return self.server.traffic(address).peak

    def lock_out(self) -> Callable[[], None]:
        mailbox = self.server.mailbox(ADDRESS)
        mailbox.refused = "denied"

        def open_again() -> None:
            mailbox.refused = ""

        return open_again


@dataclass(frozen=True)
class MailboxDesk:
    """A tenant's desk with a mailbox that lies at a vendor."""

    desk: Desk
    vendor: Vendor
    provider_id: UUID

    async def work(self) -> None:
        """Ask the vendor what came, and work until nothing is due."""
        await ask_now(self.desk.context, self.desk.tenant.tenant, self.provider_id)
        await Worker(self.desk.context).drain(asyncio.Event())

    async def work_until_settled(self) -> None:
        """Do the same until nothing waits for another try."""
        end = time.monotonic() + PATIENCE
        await self.work()
        while await self.waiting():
            assert time.monotonic() < end, await self.waiting()
            await asyncio.sleep(0.2)
            await Worker(self.desk.context).drain(asyncio.Event())

    async def waiting(self) -> list[dict[str, Any]]:
        """Give what is not done: mails, attachments, and mailboxes to be asked."""
        open_: Collection[str] = ("pending", "processing", "failed", "received")
        rows = [*await self.desk.all(EMAILS), *await self.desk.all(LEDGER)]
        providers = await self.desk.all(
            "SELECT poll_error, self_paused FROM email_providers WHERE tenant = %(tenant)s"
            " AND (poll_failures > 0 OR poll_at <= now())"
        )
        return [*(row for row in rows if row["status"] in open_), *providers]

    async def emails(self) -> dict[str, str]:
        """Give what became of each mail."""
        return {row["email_id"]: row["status"] for row in await self.desk.all(EMAILS)}

    async def provider(self) -> dict[str, Any]:
        """Give the provider's row."""
        (row,) = await self.desk.all(
            "SELECT * FROM email_providers WHERE tenant = %(tenant)s AND provider_id = %(provider_id)s",
            provider_id=self.provider_id,
        )
        return row


async def connected(desk: Desk, vendor: Vendor, address: str = ADDRESS, since: datetime | None = None) -> MailboxDesk:
    """Connect a mailbox to a desk."""
    provider_id = await connect(desk.context, desk.tenant.tenant, vendor.new_mailbox(address, since))
    if vendor.origin:
        vendor.subscribe(f"{vendor.origin}/webhooks/{vendor.kind}/{desk.tenant.tenant}/{provider_id}")
    return MailboxDesk(desk, vendor, provider_id)


@contextlib.asynccontextmanager
async def microsoft() -> AsyncIterator[Vendor]:
    """Start Microsoft."""
    async with GraphServer() as server:
        server.throttle.retry_after = 1
        yield Microsoft(server)


@contextlib.asynccontextmanager
async def gmail() -> AsyncIterator[Vendor]:
    """Start Gmail."""
    async with GmailServer() as server:
        server.throttle.retry_after = 1
        yield Gmail(server)


VENDORS = {"gmail": gmail, "microsoft": microsoft}
