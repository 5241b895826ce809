import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from scripts import external_postgres, uv

LISTING = """\
global.index-url='https://packages.example/simple'
global.extra-index-url='https://a.example/simple https://b.example/simple'
global.find-links='/one\n/two'
global.no-cache-dir='true'
user.index-url='https://nobody.example'
:env:.index-url='https://mine.example/simple'
"""


def test_uv_is_given_the_index_that_pip_would_use() -> None:
    assert uv.translate(LISTING.replace("\n/two", " /two")) == {
        "UV_DEFAULT_INDEX": "https://mine.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/one,/two",
    }


def test_no_configuration_of_pip_leaves_uv_alone() -> None:
    assert uv.translate("") == {}


def test_a_command_that_is_there_is_not_installed(root: Path) -> None:
    assert need(root, "no-such-package", "no-such-command", "sh").returncode == 0


def test_a_user_is_told_what_to_install(root: Path) -> None:
    ended = need(root, "chromium", "no-such-command")
    assert ended.returncode == 1
    assert ended.stderr == "maildock: chromium is not installed; on Debian: sudo apt-get install chromium\n"


def need(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a user who may not install anything."""
    user = "nobody" if os.geteuid() == 0 else None
    script = (root / "scripts" / "need.sh").read_text()
    return subprocess.run(
        ("sh", "-s", *words), input=script, capture_output=True, text=True, check=False, user=user, cwd="/"
    )


@pytest.mark.external
def test_the_other_postgres_has_an_owner_without_superpowers_and_leaves_nothing(tmp_path: Path) -> None:
    with external_postgres.throw_away(tmp_path / "logs") as url, psycopg.connect(url) as connection:
        (version,) = connection.execute("SHOW server_version_num").fetchone() or ("",)
        assert int(version) // 10_000 >= external_postgres.OLDEST
        assert connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone() == (False,)
    assert "SELECT rolsuper" in (tmp_path / "logs" / "external.json").read_text()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


@pytest.mark.external
def test_a_command_beside_the_other_postgres_ends_with_its_own_code(root: Path) -> None:
    command = (sys.executable, "-m", "scripts.external_postgres", "sh", "-c", 'test -n "$TEST_DATABASE_URL" && exit 7')
    assert subprocess.run(command, cwd=root, check=False).returncode == 7
