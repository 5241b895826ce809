"""The mails that nobody here wrote, and what is known of each."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(os.environ.get("TEST_CORPUS", Path(__file__).parents[3] / "shared" / "corpus"))

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no mail corpus at {CORPUS}")


@cache
def manifest(name: str) -> tuple[dict[str, Any], ...]:
    """Return the rows of a manifest; none where the corpus is absent."""
    path = CORPUS / name
    if not path.exists():
        return ()
    return tuple(json.loads(line) for line in path.read_text().splitlines())
