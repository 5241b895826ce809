from pathlib import Path

import pytest

from maildock.domain.errors import UsageError
from maildock.storage.factory import open_store
from tests.storage.conftest import TENANT


def test_a_path_with_blanks_and_umlauts_is_read_from_its_url(tmp_path: Path) -> None:
    root = tmp_path / "our files" / "für #1"
    store, _ = open_store(root.as_uri())
    assert store.local_path(f"{TENANT}/ab/{'ab' * 32}").is_relative_to(root)


def test_opening_touches_nothing(tmp_path: Path) -> None:
    open_store((tmp_path / "files").as_uri())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["", "files", "/files", "file://files", "file://host/files", "file:///", "s3://b/p"])
def test_another_url_is_refused_by_the_name_of_its_setting(url: str) -> None:
    with pytest.raises(UsageError, match="MAILDOCK_STORAGE_URL"):
        open_store(url)
