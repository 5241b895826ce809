"""The real program, run as its users run it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = 60
PYTHON_M = (sys.executable, "-m", "maildock")
SCRIPT = (str(Path(sys.executable).with_name("maildock")),)


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects that it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def line(self) -> dict[str, Any]:
        """The one object that it printed."""
        (only,) = self.lines
        return only


@dataclass(frozen=True)
class Maildock:
    """The program with its settings, in a working folder."""

    environment: Mapping[str, str]
    folder: Path
    services: list["Service"] = field(default_factory=list)

    def with_settings(self, **more: str) -> "Maildock":
        """Give the same program with further settings, by name without the prefix."""
        named = {f"MAILDOCK_{name}": value for name, value in more.items()}
        return Maildock({**self.environment, **named}, self.folder, self.services)

    def without(self, *names: str) -> "Maildock":
        """Give the same program without some of its settings."""
        left = {name: value for name, value in self.environment.items() if name.removeprefix("MAILDOCK_") not in names}
        return Maildock(left, self.folder, self.services)

    def popen(self, *words: str | bytes, command: Sequence[str] = PYTHON_M, **more: Any) -> "subprocess.Popen[bytes]":
        """Begin a command; its streams are pipes unless said otherwise."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILDOCK_")}
        given = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([*command, *words], cwd=self.folder, env={**clean, **self.environment}, **given)

    def __call__(self, *words: str | bytes, stdin: bytes = b"", command: Sequence[str] = PYTHON_M, **more: str) -> Run:
        """Run a command to its end; settings by name without the prefix."""
        return ended(self.with_settings(**more).popen(*words, command=command), stdin)

    def start(self, *words: str) -> "Service":
        """Start a service, and wait for the line that it prints once it serves."""
        process = self.popen(*words, "--json", stdin=subprocess.DEVNULL)
        assert process.stdout
        line = process.stdout.readline()
        service = Service(process, json.loads(line) if line else {})
        self.services.append(service)
        return service


def ended(process: "subprocess.Popen[bytes]", stdin: bytes = b"") -> Run:
    """Wait for the end of a command; nothing that an operator does may show a traceback."""
    try:
        out, err = process.communicate(stdin, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert b"Traceback" not in (err or b""), err.decode()
    return Run(process.returncode, (out or b"").decode(), (err or b"").decode())


@dataclass(frozen=True)
class Service:
    """A running service, and what it printed."""

    process: "subprocess.Popen[bytes]"
    line: dict[str, Any]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it as an init system would; gives its exit code and what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err.decode()
