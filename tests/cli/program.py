"""The real program, run as its users run it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_SECONDS = 60


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

    def _environ(self, more: Mapping[str, str]) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILDOCK_")}
        return {**clean, **self.environment, **more}

    def __call__(self, *words: str, stdin: bytes = b"", **more: str) -> Run:
        """Run a command to its end; settings by name without the prefix."""
        done = subprocess.run(
            [sys.executable, "-m", "maildock", *words],
            cwd=self.folder,
            env=self._environ({f"MAILDOCK_{name}": value for name, value in more.items()}),
            input=stdin,
            capture_output=True,
            timeout=START_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str) -> "Service":
        """Start a service, and wait for the line that it prints once it serves."""
        process = subprocess.Popen(
            [sys.executable, "-m", "maildock", *words, "--json"],
            cwd=self.folder,
            env=self._environ({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        line = process.stdout.readline()
        service = Service(process, json.loads(line) if line else {})
        self.services.append(service)
        return service


@dataclass(frozen=True)
class Service:
    """A running service, and what it printed."""

    process: subprocess.Popen[str]
    line: dict[str, Any]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Stop it as an init system would; gives its exit code and what it said on standard error."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, err = self.process.communicate(timeout=30)
        return self.process.returncode, err
