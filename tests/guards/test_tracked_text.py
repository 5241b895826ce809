from pathlib import Path

import pytest
from scripts.guards import hidden_characters, traces, tracked_secrets

from tests.guards.conftest import Repository

BIDI = "access = 'user\u202e'"


@pytest.mark.parametrize("guard", [hidden_characters, traces, tracked_secrets])
def test_this_repository_holds(root: Path, guard: object) -> None:
    assert guard.problems(root) == []  # type: ignore[attr-defined]


def test_a_bidi_character_is_found_with_its_place(repository: Repository) -> None:
    found = hidden_characters.problems(repository({"a.py": f"one\n{BIDI}\n"}))
    assert found == ["a.py:2 has the hidden character U+202E; write it as an escape"]


def test_a_mail_sample_may_hold_any_character(repository: Repository) -> None:
    assert hidden_characters.problems(repository({"odd.eml": BIDI, "binary.bin": b"\xff\x00"})) == []


def test_an_untracked_file_is_nobodys_business(repository: Repository) -> None:
    root = repository({"a.py": "fine"})
    (root / "b.py").write_text(BIDI)
    assert hidden_characters.problems(root) == []


@pytest.mark.parametrize(
    ("secret", "kind"),
    [
        ("-----BEGIN RSA " + "PRIVATE KEY-----", "a private key"),
        ("key = AKIA" + "ABCDEFGHIJKLMNOP", "an AWS key"),
        ("token: ghp_" + "a1" * 18, "a GitHub token"),
        ("AIza" + "x" * 35, "a Google key"),
        ("mdk_" + "Zz9" * 8, "an API token of maildock"),
        ("postgresql://me:correct" + "horse@db.example/x", "a password in a URL"),
    ],
)
def test_a_secret_is_found_and_not_repeated(repository: Repository, secret: str, kind: str) -> None:
    assert tracked_secrets.problems(repository({"notes.txt": secret})) == [f"notes.txt:1 looks like {kind}"]


@pytest.mark.parametrize("name", [".env", "deploy/.env.production", "id_ed25519", "data/secret.key"])
def test_a_private_file_is_found(repository: Repository, name: str) -> None:
    assert tracked_secrets.problems(repository({name: "x"})) == [f"{name} is a private file"]


def test_an_example_of_settings_is_no_private_file(repository: Repository) -> None:
    assert tracked_secrets.problems(repository({".env.example": "MAILDOCK_INLINE=keep"})) == []


@pytest.mark.parametrize(
    "line",
    [
        "index = https://pypi." + "org/simple",
        "--index" + "-url https://packages.example/simple",
        "cd /root" + "/project",
        "see /work" + "/main/README.md",
        "This closes " + "#12.",
        "as in issue " + "#7",
        "https://example.com/a/b/pull" + "/3",
    ],
)
def test_a_trace_of_one_place_is_found(repository: Repository, line: str) -> None:
    assert len(traces.problems(repository({"README.md": line}))) == 1


@pytest.mark.parametrize("line", ["color: #123", "Re: [#12] Invoice", "Ticket #12 is closed", "the root/leaf path"])
def test_a_number_that_is_our_own_is_no_trace(repository: Repository, line: str) -> None:
    assert traces.problems(repository({"README.md": line})) == []
