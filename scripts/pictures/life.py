"""A day at the desk: mailboxes are connected, people let in, mail comes, and some of it goes wrong."""

import asyncio
from datetime import timedelta
from pathlib import Path

from tests.mail import Mail
from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer

from scripts.pictures import mails, small_talk
from scripts.pictures.desk import TENANT, Desk, until
from scripts.pictures.passing import Clock

ADMIN, COLLEAGUE, PASSWORD = "mara@shop.example", "yuki@shop.example", "correct horse battery"
_SUPPORT = "support@shop.example"
_ORDERS = "orders@shop.example"
_LONG = "accounts-receivable.northern-subsidiaries@shop.example"
_LONG_AGO = "2020-01-01"
_HOUR = timedelta(hours=1)
_ENDLESSLY = 10_000


async def people(desk: Desk) -> None:
    """Let people in."""
    await desk.run(*_user(ADMIN, "--admin"), given=f"{PASSWORD}\n")
    for email in ("jonas@shop.example", "temitope.adeyemi-wright@shop.example", COLLEAGUE):
        await desk.run(*_user(email), given=f"{PASSWORD}\n")


def _user(email: str, *more: str) -> tuple[str, ...]:
    return "users", "add", email, "--tenant", TENANT, "--password-stdin", *more


async def day(desk: Desk, clock: Clock, graph: GraphServer, gmail: GmailServer) -> str:
    """Live through a day; gives the id of the mailbox that does well."""
    await desk.run("tokens", "add", "--tenant", TENANT, "--name", "Monitoring, read by the big screen in the hall")
    old = await desk.asked("tokens", "add", "--tenant", TENANT, "--name", "Trial")
    await desk.run("tokens", "revoke", old["token_id"])
    support = await _connect_microsoft(desk, graph, _SUPPORT)
    await _connect_gmail(desk, gmail)
    lost = await _connect_microsoft(desk, graph, _LONG)
    await desk.send(*mails.many(300))
    await clock.forward(timedelta(days=2))
    first, second, third = mails.thread()
    told = {9: [mails.long_names()], 14: [*mails.right_to_left()], 20: [first], 21: [second]}
    for hour, heard in enumerate(small_talk.hours(23)):
        for at, each in enumerate(heard):
            await _heard(desk, graph, gmail, each, at)
        await desk.send(*told.get(hour, ()))
        await clock.forward(_HOUR)
    await _wish(desk, "counters.png")
    await _trouble(desk, graph, third, lost)
    return support


async def _heard(desk: Desk, graph: GraphServer, gmail: GmailServer, each: Mail, at: int) -> None:
    """Let a mail come the one way or the other."""
    if at % 3 == 0:
        graph.mailbox(_SUPPORT).deliver(each)
    elif at % 3 == 1:
        gmail.mailbox(_ORDERS).deliver(each)
    else:
        await desk.send(each)
        return
    desk.mails += 1
    await desk.settled()


async def _wish(desk: Desk, name: str) -> None:
    """Have a picture stored that was left out, so that its mail shows it."""
    left_out = (await desk.get("/attachments?status=skipped&limit=200"))["items"]
    part = next(each for each in left_out if each["file_name"] == name)
    address = {key: part[key] for key in ("provider_id", "email_id", "attachment_id")}
    await desk.post("/attachments/retry", {**address, "keep_inline": True})
    await desk.settled()


async def _trouble(desk: Desk, graph: GraphServer, third: Mail, lost: str) -> None:
    """Let a file fail, another one be refused, a mail not be read, and a mailbox be closed to us."""
    mailbox = graph.mailbox(_SUPPORT)
    graph.fault(f"/users/{_LONG}", _ENDLESSLY, "unauthorized")
    message = mailbox.deliver(third)
    ids = [message.part_id(part, immutable=True) for part in message.parts]
    graph.fault(f"/attachments/{ids[1]}/$value", _ENDLESSLY, "denied")
    graph.fault(f"/attachments/{ids[2]}/$value", _ENDLESSLY, "error")
    desk.mails += 1
    await desk.settled()
    unread = mailbox.deliver(mails.unread())
    # Not what lists its attachments: a check may do that, where this is the newest mail.
    graph.fault(f"/messages/{unread.immutable_id}?", _ENDLESSLY, "error")
    desk.mails += 1
    await desk.settled()
    await until(lambda: _is_paused(desk, lost))


async def _is_paused(desk: Desk, provider_id: str) -> bool:
    health = await desk.get(f"/providers/{provider_id}/health")
    return bool(health["status"] == "paused")


async def _connect_microsoft(desk: Desk, graph: GraphServer, address: str) -> str:
    graph.mailbox(address)
    words = (
        "--mailbox",
        address,
        "--since",
        _LONG_AGO,
        "--directory-id",
        graph.directory_id,
        "--client-id",
        graph.client_id,
    )
    urls = ("--graph-url", graph.url, "--authority-url", graph.url, "--client-secret-stdin")
    made = await desk.asked(
        "providers", "add", "microsoft", "--tenant", TENANT, *words, *urls, given=graph.client_secret
    )
    return str(made["provider_id"])


async def _connect_gmail(desk: Desk, gmail: GmailServer) -> None:
    gmail.mailbox(_ORDERS)
    secret, token = desk.folder / "secret", desk.folder / "token"
    await asyncio.to_thread(_write, {secret: gmail.client_secret, token: gmail.refresh_token(_ORDERS)})
    files = ("--client-secret-file", str(secret), "--refresh-token-file", str(token))
    urls = ("--gmail-url", gmail.url, "--token-url", gmail.token_url)
    words = ("--mailbox", _ORDERS, "--since", _LONG_AGO, "--client-id", gmail.client_id)
    await desk.run("providers", "add", "gmail", "--tenant", TENANT, *words, *files, *urls)


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.write_text(text)
