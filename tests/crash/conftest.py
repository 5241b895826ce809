"""Victims, and the mails they work on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.victims import Victims, conversation, written


@pytest.fixture
def victims() -> Iterator[Victims]:
    """The process that forks victims."""
    with Victims() as running:
        yield running


@pytest.fixture
def mails(tmp_path: Path) -> list[Path]:
    """The conversation, as files."""
    return written(conversation(), tmp_path)
