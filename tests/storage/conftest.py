"""A store on a real folder."""

from pathlib import Path
from uuid import UUID

import pytest

from maildock.storage.factory import open_store
from maildock.storage.local import LocalStore
from maildock.storage.spool import Spool

TENANT = UUID("5c3f0cf2-6d3b-4b0f-9a53-0f5f3ddc1f3a")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Name the store's folder, which does not exist yet."""
    return tmp_path / "data" / "files"


@pytest.fixture
def store(root: Path) -> LocalStore:
    """Open the store under `root`."""
    return open_store(root.as_uri())[0]


@pytest.fixture
def spool(root: Path) -> Spool:
    """Open the spool under `root`."""
    return open_store(root.as_uri())[1]


@pytest.fixture
def tenant() -> UUID:
    """Name some tenant."""
    return TENANT
