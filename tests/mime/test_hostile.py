import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mime.hostile import MAILS

ROOT = Path(__file__).parents[2]
MOST_KIB = 16 * 1024
MOST_SECONDS = 12.0


@pytest.mark.parametrize("name", MAILS)
def test_a_hostile_mail_takes_little_time_and_memory(name: str) -> None:
    command = [sys.executable, "-m", "tests.mime.hostile", name]
    # Counting the lines that run would be measured too.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    ran = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=60, check=True)
    seconds, kib, parts = ran.stdout.split()
    assert float(seconds) < MOST_SECONDS
    assert int(kib) < MOST_KIB
    assert int(parts) <= 1001
