"""A large attachment of a Microsoft mailbox over TLS, from the first request to `stored`, against a bare download."""

import json
import os
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from ssl import create_default_context
from typing import IO, Any

from scripts.bench.asked import ADDRESS
from scripts.bench.figure import TIMES, Figure, Measurement, Pairs
from scripts.bench.ground import ROOT, Ground
from scripts.bench.mails import MIB, write_mail
from scripts.bench.taken import Taken

SIZE = 100 * MIB
ROUNDS = 4

HOW = (
    "A local Graph server in a process of its own, over TLS, has a mail with one attachment of 100 MiB. A worker in"
    " another process asks for changes, reads the mail, downloads the attachment from `$value` and stores it durably;"
    " its processor time from the first request to the last commit, all threads, is held against a process that"
    " does nothing but download the same bytes by `http.client`, hash them and write them to a synced file."
)


def _run(base: Ground) -> Iterator[Figure]:
    with ExitStack() as stack:
        facts = _served(base, stack)
        environment = {**base.environment, "SSL_CERT_FILE": facts["trusted"]}
        worker = _started(stack, environment, "scripts.bench.asked", json.dumps(facts))
        _line(worker)
        vendor = _Vendor(facts)
        vendor.deliver(write_mail(base.folder / "warm.eml", [4 * MIB]))
        _work(worker)
        ours, floor, grown, lags = [], [], [], []
        for number in range(ROUNDS):
            message = vendor.deliver(write_mail(base.folder / f"graph {number}.eml", [SIZE]))
            taken = _work(worker)
            base.forget_files()
            ours.append(taken.worked_cpu)
            grown.append(taken.grown)
            lags.append(taken.lag)
            floor.append(_bare(base, environment, vendor, message))
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


class _Vendor:
    """The local server, as a client of its own sees it."""

    def __init__(self, facts: dict[str, str]) -> None:
        self._facts = facts
        self._context = create_default_context(cafile=facts["trusted"])
        form = {name: facts[name] for name in ("client_id", "client_secret")}
        form |= {"grant_type": "client_credentials", "scope": f"{facts['url']}/.default"}
        body = urllib.parse.urlencode(form).encode()
        self.token = self._ask("POST", f"/{facts['directory_id']}/oauth2/v2.0/token", body)["access_token"]

    def deliver(self, mail: Path) -> str:
        """Put a mail into the mailbox; gives its id."""
        with mail.open("rb") as file:
            message: str = self._ask("PUT", f"/-/deliver/{ADDRESS}", file.read())["id"]
        mail.unlink()
        return message

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


def _served(base: Ground, stack: ExitStack) -> dict[str, str]:
    server = _started(stack, {**os.environ, "PYTHONPATH": str(ROOT)}, "tests.servers.graph", "--tls")
    facts: dict[str, str] = json.loads(_line(server))
    # Trusted from a place that lasts as long as we do.
    trusted = base.folder / "graph-ca.pem"
    trusted.write_bytes(Path(facts["trusted"]).read_bytes())
    return {**facts, "trusted": str(trusted)}


def _started(stack: ExitStack, environment: dict[str, str], module: str, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        (sys.executable, "-m", module, *arguments),
        cwd=ROOT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    stack.callback(process.wait)
    stack.callback(process.terminate)
    return process


def _line(process: "subprocess.Popen[str]") -> str:
    return _pipe(process.stdout).readline()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    if pipe is None:
        raise ValueError("the process was started without pipes")
    return pipe


def _work(worker: "subprocess.Popen[str]") -> Taken:
    print("work", file=_pipe(worker.stdin), flush=True)
    return Taken(**json.loads(_line(worker)))


def _bare(base: Ground, environment: dict[str, str], vendor: _Vendor, message: str) -> float:
    copy = base.folder / "copy"
    command = (
        sys.executable,
        "-m",
        "scripts.bench.plain_download",
        vendor.first_file(message),
        vendor.token,
        str(copy),
    )
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    seconds, size, _ = done.stdout.split()
    copy.unlink()
    if int(size) != SIZE:
        raise ValueError("the bare download is not whole")
    return float(seconds)
