"""A large attachment of a Microsoft mailbox over TLS, from the first request to `stored`, against a bare download."""

import json
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from ssl import create_default_context
from typing import Any

from scripts.bench.asked import ADDRESS
from scripts.bench.figure import TIMES, Figure, Measurement, Pairs
from scripts.bench.ground import ROOT, Ground
from scripts.bench.mails import MIB, write_mail
from scripts.bench.vendor import LocalVendor, served

SIZE = 100 * MIB
ROUNDS = 4

HOW = (
    "A local Graph server in a process of its own, over TLS, has a mail with one attachment of 100 MiB. A worker in"
    " another process asks for changes, reads the mail, downloads the attachment from `$value` and stores it durably;"
    " its processor time from the first request to the last commit, all threads, is held against a process that"
    " does nothing but download the same bytes by `http.client`, hash them and write them to a synced file."
)


def _run(base: Ground) -> Iterator[Figure]:
    ours, floor, grown, lags = [], [], [], []
    with served(base, "microsoft", "tests.servers.graph") as graph:
        files = _Files(graph)
        graph.take(write_mail(base.folder / "warm.eml", [4 * MIB]))
        for number in range(ROUNDS):
            message, taken = graph.take(write_mail(base.folder / f"graph {number}.eml", [SIZE]))
            ours.append(taken.worked_cpu)
            grown.append(taken.grown)
            lags.append(taken.lag)
            floor.append(_bare(base, files, message))
    pairs = Pairs(tuple(ours), tuple(floor))
    yield Figure(
        "1. Microsoft `$value`, 100 MiB over TLS: processor time until `stored`",
        pairs.times,
        TIMES,
        1.5,
        beside=pairs.beside("http.client, SHA-256, file"),
    )
    yield Figure("5. memory, one Microsoft stream: growth over warm idle", max(grown), "MB", 8)
    yield Figure("5. lag of the event loop meanwhile (p50)", max(lags), "ms", 10)


MEASUREMENT = Measurement(HOW, _run)


class _Files:
    """The attachments there, as a client of its own sees them."""

    def __init__(self, graph: LocalVendor) -> None:
        self.environment = graph.environment
        facts = self._facts = graph.facts
        self._context = create_default_context(cafile=facts["trusted"])
        form = {name: facts[name] for name in ("client_id", "client_secret")}
        form |= {"grant_type": "client_credentials", "scope": f"{facts['url']}/.default"}
        body = urllib.parse.urlencode(form).encode()
        self.token = self._ask("POST", f"/{facts['directory_id']}/oauth2/v2.0/token", body)["access_token"]

    def first_file(self, message: str) -> str:
        """Give the address of a mail's first attachment."""
        path = f"/v1.0/users/{ADDRESS}/messages/{message}/attachments"
        found = self._ask("GET", f"{path}?$select=id")["value"][0]["id"]
        return f"{self._facts['url']}{path}/{found}/$value"

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {getattr(self, 'token', '')}", "Prefer": 'IdType="ImmutableId"'}
        request = urllib.request.Request(self._facts["url"] + path, body, headers, method=method)  # noqa: S310 - ours
        with urllib.request.urlopen(request, context=self._context) as response:  # noqa: S310
            answer: dict[str, Any] = json.load(response)
        return answer


def _bare(base: Ground, files: _Files, message: str) -> float:
    copy = base.folder / "copy"
    address = files.first_file(message)
    command = (sys.executable, "-m", "scripts.bench.plain_download", address, files.token, str(copy))
    done = subprocess.run(command, cwd=ROOT, env=files.environment, capture_output=True, text=True, check=True)
    seconds, size, _ = done.stdout.split()
    copy.unlink()
    if int(size) != SIZE:
        raise ValueError("the bare download is not whole")
    return float(seconds)
