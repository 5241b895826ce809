from pathlib import Path

from tests.cli.program import Maildock
from tests.mail import Mail, mail

KEYS = {
    "path", "index", "outcome", "provider_id", "email_id", "message_id", "ticket_id", "ticket_number", "comment_id",
    "error", "attachments",
}  # fmt: skip


def written(path: Path, one: Mail | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(one if isinstance(one, bytes) else one.raw())
    return str(path)


def mbox(*mails: Mail, newline: bytes = b"\n", separator: bytes = b"From ann Thu Jan  1 10:00:00 2026") -> bytes:
    quoted = [mail.raw().replace(b"\nFrom ", b"\n>From ").replace(b"\r\n", newline) for mail in mails]
    return b"".join(separator + newline + one + newline + newline for one in quoted)


def test_a_new_mail_a_reply_and_a_duplicate_say_what_they_are(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    first = mail("Printer").attach("a.txt", b"hello")
    paths = [written(tmp_path / "1.eml", first), written(tmp_path / "2.eml", mail().reply_to(first))]
    run = maildock("ingest", *paths, paths[0], "--tenant", shop, "--json")
    assert (run.code, [line["outcome"] for line in run.lines]) == (0, ["created", "replied", "duplicate"])
    assert all(set(line) == KEYS for line in run.lines)
    created, replied, duplicate = run.lines
    assert {line["ticket_id"] for line in run.lines} == {created["ticket_id"]}
    assert created["attachments"] == duplicate["attachments"]
    assert (created["attachments"][0]["status"], replied["attachments"]) == ("stored", [])
    assert created["message_id"] == first.message_id


def test_what_cannot_be_filed_is_named_and_the_rest_goes_on(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    bad, good = written(tmp_path / "bad.eml", b"\x00 nothing"), written(tmp_path / "good.eml", mail("Good"))
    large = written(tmp_path / "large.eml", mail("Large", text="x" * 3000))
    run = maildock("ingest", bad, large, good, "--tenant", shop, "--json", MAX_MESSAGE_BYTES="2000")
    assert run.code == 1
    assert [(line["outcome"], line["error"]) for line in run.lines] == [
        ("failed", "not_a_message"), ("failed", "too_large"), ("created", None),
    ]  # fmt: skip
    assert set(run.lines[0]) == KEYS
    assert run.err.splitlines() == [f"{bad}: not filed: not_a_message", f"{large}: not filed: too_large"]


def test_a_folder_is_read_by_path_and_without_hidden_files(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    for name in ("b/2.eml", "a.eml", "c.eml", "b/.hidden"):
        written(tmp_path / "mails" / name, mail(name))
    run = maildock("ingest", "mails", "--tenant", shop, "--json")
    assert [line["path"] for line in run.lines] == ["mails/a.eml", "mails/b/2.eml", "mails/c.eml"]


def test_an_mbox_gives_its_messages_in_order_with_their_bytes(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    first = mail("One", text="From here on\nFrom there\n").attach("a.bin", bytes(range(256)) * 50)
    second = mail("Two", text="No date here:\n\nFrom me to you\n")
    for number, newline in enumerate((b"\n", b"\r\n")):
        path = written(tmp_path / f"{number}.mbox", mbox(first, second, newline=newline))
        run = maildock("ingest", path, "--tenant", shop, "--json")
        assert [(line["index"], line["outcome"] != "failed") for line in run.lines] == [(0, True), (1, True)]
        assert run.lines[0]["attachments"][0]["size"] == 256 * 50


def test_standard_input_is_a_mail_too(maildock: Maildock, shop: str) -> None:
    run = maildock("ingest", "-", "--tenant", shop, "--json", stdin=mail("Piped").raw())
    assert (run.line["path"], run.line["outcome"]) == ("-", "created")


def test_a_missing_path_or_tenant_is_wrong_usage(maildock: Maildock, shop: str) -> None:
    run = maildock("ingest", "nowhere.eml", "--tenant", shop)
    assert (run.code, run.out) == (2, "")
    assert "nowhere.eml" in run.err
    assert maildock("ingest", "-", "--tenant", "nobody", stdin=mail("x").raw()).code == 2


def test_people_get_a_line_for_each_mail(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    path = written(tmp_path / "1.eml", mail("Printer").attach("a.txt", b"hello"))
    assert maildock("ingest", path, "--tenant", shop).out == f"{path}: created #1, 1 stored\n"
