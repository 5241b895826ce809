from collections.abc import Mapping

import pytest
from scripts.guards import documents

from maildock.settings import PREFIX, Settings
from tests.guards.conftest import Repository

SETTINGS = "\n".join(f"- `{PREFIX}{name.upper()}`" for name in Settings.model_fields)
FILES = {"Makefile": "test: x\nlint:\n", "src/maildock/one.py": "", "docs/settings.md": SETTINGS}


def found(repository: Repository, readme: str, more: Mapping[str, str] | None = None) -> list[str]:
    root = repository({**FILES, **(more or {}), "README.md": readme})
    return [problem.removeprefix("README.md: ") for problem in documents.problems(root)]


@pytest.mark.parametrize(
    "readme",
    [
        "Run `maildock up --port 0`, then `maildock tenants add Shop`.",
        "```\n$ MAILDOCK_INLINE=keep .venv/bin/maildock ingest a.eml --tenant Shop --json | head\n```",
        "`maildock up [--host H] [--port P]` and `maildock tenants list` and `maildock --version`",
        "`make test`, then [the settings](docs/settings.md), [this](#a-title) and `src/maildock/one.py`\n\n# A title\n",
        "[elsewhere](https://example.com/maildock)",
    ],
)
def test_what_exists_may_be_said(repository: Repository, readme: str) -> None:
    assert found(repository, readme) == []


@pytest.mark.parametrize(
    ("readme", "problem"),
    [
        ("`maildock fly`", "`maildock fly` is no command"),
        ("`maildock tenants drop`", "`maildock tenants drop` is no command"),
        ("```sh\ncurl x && maildock up \\\n  --fast\n```", "`maildock up` has no option `--fast`"),
        ("`make coffee`", "`make coffee` is no target"),
        ("`MAILDOCK_SPEED`", "MAILDOCK_SPEED is no setting"),
        ("[x](docs/none.md)", "the link docs/none.md leads nowhere"),
        ("[x](docs/settings.md#none)", "the link docs/settings.md#none leads to no heading"),
        ("`src/maildock/two.py`", "`src/maildock/two.py` doesn't exist"),
    ],
)
def test_what_does_not_exist_is_named(repository: Repository, readme: str, problem: str) -> None:
    assert found(repository, readme) == [problem]


def test_a_setting_that_is_not_described_is_named(repository: Repository) -> None:
    short = SETTINGS.replace("`MAILDOCK_INLINE`", "")
    assert found(repository, "", {"docs/settings.md": short}) == ["docs/settings.md doesn't describe MAILDOCK_INLINE"]


def test_a_picture_that_no_document_shows_is_named(repository: Repository) -> None:
    pictures = {"docs/images/a.png": "", "docs/images/b.png": ""}
    assert found(repository, "![A](docs/images/a.png)", pictures) == ["no document shows docs/images/b.png"]
