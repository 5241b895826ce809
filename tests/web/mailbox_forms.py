"""What people enter to connect a mailbox at a vendor's local server."""

from __future__ import annotations

import re
from html import unescape

from tests.servers.gmail import GmailServer
from tests.servers.graph import GraphServer
from tests.web.visitor import Visitor

ADDRESS = "desk@shop.example"


def for_graph(graph: GraphServer, **more: str) -> dict[str, str]:
    """Fill in the form for a mailbox of the local Graph."""
    graph.mailbox(ADDRESS)
    usual = {"mailbox": ADDRESS, "directory_id": graph.directory_id, "client_id": graph.client_id}
    secret = {"client_secret": graph.client_secret}
    return {**usual, **secret, "graph_url": graph.url, "authority_url": graph.url, **more}


def for_gmail(gmail: GmailServer, **more: str) -> dict[str, str]:
    """Fill in the form for a mailbox of the local Gmail, with its service account's key."""
    gmail.mailbox(ADDRESS)
    urls = {"gmail_url": gmail.url, "token_url": gmail.token_url, "certs_url": f"{gmail.url}/oauth2/v3/certs"}
    return {"mailbox": ADDRESS, "service_account": gmail.account_file.read_text(), **urls, **more}


async def sent(visitor: Visitor, path: str, fields: dict[str, str]) -> tuple[int, str]:
    """Send a form; gives the status, and where it leads or what it says."""
    answer = await visitor.post(path, {"csrf": await visitor.csrf(), **fields})
    return answer.status, answer.headers["location"] or answer.body.decode()


def wrong(page: str) -> set[str]:
    """Name the fields that a page finds fault with."""
    return set(re.findall(r'<p class="wrong" id="w-(\w+)"', page))


def steps(page: str) -> list[tuple[str, bool]]:
    """Give the steps that a page shows, with whether each works."""
    found = re.findall(r'<li class="step (good|bad)">.*?<strong>(.*?)</strong>', page, re.DOTALL)
    return [(unescape(name), state == "good") for state, name in found]
