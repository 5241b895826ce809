"""A vendor's local server over TLS in a process of its own, and a worker in another with a mailbox there."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import create_default_context
from typing import IO

from scripts.bench.asked import ADDRESS
from scripts.bench.ground import ROOT, Ground
from scripts.bench.taken import Taken


@dataclass(frozen=True, slots=True)
class LocalVendor:
    """The server, of which `facts` are what it printed, and the worker; both with `environment`."""

    facts: dict[str, str]
    environment: dict[str, str]
    _base: Ground
    _worker: "subprocess.Popen[str]"

    def take(self, mail: Path) -> tuple[str, Taken]:
        """Let a mail arrive and have it worked off; gives its id and what that took. Its file is deleted."""
        message, size = self._deliver(mail), mail.stat().st_size
        mail.unlink()
        print("work", file=_pipe(self._worker.stdin), flush=True)
        taken = Taken(**json.loads(_line(self._worker)))
        if self._base.forget_files() < size // 2:
            raise ValueError("the attachment was not stored")
        return message, taken

    def _deliver(self, mail: Path) -> str:
        url = f"{self.facts['url']}/-/deliver/{ADDRESS}"
        with mail.open("rb") as file:
            request = urllib.request.Request(url, file.read(), method="PUT")  # noqa: S310 - ours
        with urllib.request.urlopen(request, context=create_default_context(cafile=self.facts["trusted"])) as response:  # noqa: S310
            message: str = json.load(response)["id"]
        return message


@contextmanager
def served(base: Ground, kind: str, module: str) -> Iterator[LocalVendor]:
    """Start the server that is this module, and a worker that asks it."""
    with ExitStack() as stack:
        server = _started(stack, {**os.environ, "PYTHONPATH": str(ROOT)}, module, "--tls")
        facts: dict[str, str] = json.loads(_line(server))
        environment = {**base.environment, "SSL_CERT_FILE": facts["trusted"]}
        worker = _started(stack, environment, "scripts.bench.asked", kind, json.dumps(facts))
        _line(worker)
        yield LocalVendor(facts, environment, base, worker)


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
