"""What the program is started in: closed or full streams, readers that leave, narrow locales, odd names."""

import os
import stat
from pathlib import Path

import pytest

from tests.cli.program import PYTHON_M, SCRIPT, Maildock, ended
from tests.mail import mail

NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
CLOSED = ("sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', *PYTHON_M)


def test_the_script_and_the_module_are_one_program(maildock: Maildock) -> None:
    script, module = maildock("--version", command=SCRIPT), maildock("--version")
    assert script == module
    assert script.out.startswith("maildock ")


@pytest.mark.parametrize("words", [("tenants", "list", "--json"), ("tenants", "list"), ("doctor",)])
def test_a_reader_that_leaves_ends_it_without_a_word(maildock: Maildock, shop: str, words: tuple[str, ...]) -> None:
    there, gone = os.pipe()
    os.close(there)
    run = ended(maildock.popen(*words, stdout=gone))
    os.close(gone)
    assert run.code == 1
    assert "Exception" not in run.err, shop


@pytest.mark.parametrize("words", [("tenants", "list", "--json"), ("tenants", "list")])
def test_output_that_cannot_be_written_is_an_error(maildock: Maildock, shop: str, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        run = ended(maildock.popen(*words, stdout=full))
    assert run.code == 1
    assert "No space left" in run.err, shop


def test_closed_streams_are_not_taken_by_what_is_opened_next(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(mail("Printer").attach("a.txt", b"hello").raw())
    assert maildock("ingest", "1.eml", "--tenant", shop, "--json", command=CLOSED).code == 0
    assert maildock("fsck", "--json").line["checked"] == 2


def test_names_of_any_script_pass_through_a_narrow_locale(maildock: Maildock, tmp_path: Path) -> None:
    narrow = Maildock({**maildock.environment, **NARROW}, tmp_path)
    made = narrow("tenants", "add", "Büro ☃", "--json")
    assert made.out.isascii()
    assert made.line["name"] == "Büro ☃"
    assert narrow("tokens", "add", "--tenant", "Büro ☃", "--name", "ключ").code == 0
    assert narrow("tokens", "list").code == 0
    assert [line["name"] for line in maildock("tokens", "list", "--json").lines] == ["ключ"]


def test_file_names_of_any_bytes_are_taken_and_told(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    name = b"mails/\xff\n\xe4.eml"
    (tmp_path / "mails").mkdir()
    (tmp_path / os.fsdecode(name)).write_bytes(mail("Odd").raw())
    line = maildock("ingest", "mails", "--tenant", shop, "--json").line
    assert os.fsencode(line["path"]) == name
    assert len(maildock("ingest", name, "--tenant", shop).out.splitlines()) == 1


def test_arguments_that_are_no_text_are_wrong_usage(maildock: Maildock, shop: str) -> None:
    for words in (
        ("tenants", "add", b"\xff"),
        ("attachments", "list", "--email-id", b"\xff"),
        ("emails", "show", b"\xff"),
        ("tokens", "add", "--tenant", b"\xff"),
    ):
        assert maildock(*words).code == 2, shop


def test_a_key_is_made_for_its_owner_alone(alone: Maildock, tmp_path: Path) -> None:
    service = alone.start("web", "--port", "0")
    assert set(service.line) == {"url"}
    data_dir = tmp_path / "own-data"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (data_dir, data_dir / "secret.key")] == [0o700, 0o600]
    assert service.stop() == (0, "")
    (data_dir / "secret.key").write_text("\n")
    run = alone("web", "--port", "0")
    assert (run.code, "secret.key" in run.err) == (2, True)
