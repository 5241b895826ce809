import asyncio
import os
import time
from pathlib import Path
from uuid import uuid4

from maildock import wiring
from maildock.access.tenants import add_tenant
from maildock.settings import Settings
from tests.cli.program import Maildock, Run
from tests.mail import mail
from tests.servers.openid_connect import OpenIdServer


def test_the_program_tells_its_version_and_helps(maildock: Maildock) -> None:
    assert maildock("--version").out.startswith("maildock ")
    for words in ((), ("ingest",), ("attachments", "retry"), ("up",), ("doctor",)):
        assert maildock(*words, "--help").code == 0


def test_a_wrong_setting_stops_everything_with_one_line(maildock: Maildock) -> None:
    for name, value in (("NONSENSE", "1"), ("CLAIM_SECONDS", "soon"), ("INLINE", "maybe"), ("SECRET_KEY", "")):
        run = Maildock({**maildock.environment, f"MAILDOCK_{name}": value}, maildock.folder)("tenants", "list")
        assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
        assert f"MAILDOCK_{name}" in run.err


def test_a_dotenv_file_is_read(maildock: Maildock, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MAILDOCK_INLINE=maybe\n")
    assert "MAILDOCK_INLINE" in maildock("tenants", "list").err


def test_tenants_have_names_of_their_own(maildock: Maildock, shop: str) -> None:
    assert set(maildock("tenants", "list", "--json").line) == {"tenant", "name", "system_user_id"}
    assert maildock("tenants", "add", shop).code == 2


def test_users_get_a_password_or_bring_one(maildock: Maildock, shop: str) -> None:
    made = maildock("users", "add", "ann@shop.example", "--tenant", shop, "--json").line
    assert len(made["password"]) >= 16
    own = maildock(
        "users", "add", "bob@shop.example", "--tenant", shop, "--password-stdin", "--json", stdin=b"a good one\n"
    )
    assert "password" not in own.line
    assert maildock("users", "add", "ann@shop.example", "--tenant", shop).code == 2


def test_people_who_leave_are_disabled_and_enabled_again(maildock: Maildock, shop: str) -> None:
    for email, role in (("ann@shop.example", "--admin"), ("bob@shop.example", "--admin")):
        maildock("users", "add", email, role, "--tenant", shop)
    run = maildock("users", "disable", "Bob@shop.example", "--tenant", shop)
    assert (run.code, run.out, run.err) == (0, "", "bob@shop.example is disabled\n")
    ann, bob = maildock("users", "list", "--tenant", shop, "--json").lines
    assert set(ann) == {"user_id", "tenant", "email", "role", "created_at", "disabled_at"}
    assert (ann["disabled_at"], bob["disabled_at"][-1]) == (None, "Z")
    last = maildock("users", "disable", "ann@shop.example", "--tenant", shop)
    assert (last.code, "only admin" in last.err) == (2, True)
    assert maildock("users", "disable", "eve@shop.example", "--tenant", shop).code == 2
    assert maildock("users", "enable", "bob@shop.example", "--tenant", shop).code == 0
    assert maildock("users", "disable", "ann@shop.example", "--tenant", shop).code == 0


def test_a_forgotten_password_is_replaced(maildock: Maildock, shop: str) -> None:
    maildock("users", "add", "ann@shop.example", "--admin", "--tenant", shop)
    made = maildock("users", "password", "Ann@shop.example", "--tenant", shop, "--json")
    assert (made.code, set(made.line), len(made.line["password"])) == (0, {"email", "password"}, 20)
    given = maildock(
        "users", "password", "ann@shop.example", "--tenant", shop, "--password-stdin", stdin=b"a good one\n"
    )
    assert (given.code, "a good one" in given.out + given.err) == (0, False)
    short = maildock("users", "password", "ann@shop.example", "--tenant", shop, "--password-stdin", stdin=b"short\n")
    assert (short.code, "10 to 1024 characters" in short.err) == (2, True)
    assert maildock("users", "password", "eve@shop.example", "--tenant", shop).code == 2


def test_the_ledger_can_be_listed_and_parts_made_due_again(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    shown = mail("Logo").html('<img src="cid:x">').inline("logo.png", b"png", cid="x").attach("a.txt", b"a")
    (tmp_path / "1.eml").write_bytes(shown.raw())
    line = maildock("ingest", "1.eml", "--tenant", shop, "--json").line
    rows = maildock("attachments", "list", "--status", "skipped", "--json").lines
    assert [row["file_name"] for row in rows] == ["logo.png"]
    address = f"{rows[0]['provider_id']}:{rows[0]['email_id']}:{rows[0]['attachment_id']}"
    due = maildock("attachments", "retry", address, "--keep-inline", "--json")
    assert (due.code, due.line["status"], due.line["file_name"]) == (0, "pending", "logo.png")
    assert address in due.err
    assert maildock("worker", "--drain").code == 0
    assert [row["status"] for row in maildock("attachments", "list", "--json").lines] == ["stored", "stored"]
    shown_again = maildock("emails", "show", line["email_id"], "--json").line
    assert len(shown_again["attachments"]) == 2
    for_people = maildock("emails", "show", line["email_id"]).out
    assert ("logo.png" in for_people, "{" in for_people) == (True, False)
    assert [email["status"] for email in maildock("emails", "list", "--json").lines] == ["filed"]
    assert maildock("attachments", "retry", f"{uuid4()}:x:1").code == 1
    assert maildock("attachments", "retry", "nonsense").code == 2
    assert (maildock("attachments", "retry", "--all-failed", "--json").out) == ""


def test_providers_are_shown_checked_and_paused(maildock: Maildock, shop: str) -> None:
    provider = maildock("providers", "list", "--json").line
    assert set(provider) == {"provider_id", "kind", "mailbox", "status"}
    assert maildock("providers", "pause", provider["provider_id"], "--json").line["status"] == "paused"
    assert maildock("providers", "check", provider["provider_id"]).code == 1
    assert maildock("providers", "resume", provider["provider_id"]).code == 0
    assert "health.status" in maildock("providers", "show", provider["provider_id"]).out
    steps = maildock("providers", "check", provider["provider_id"], "--json").lines
    assert all(set(step) == {"step", "ok", "detail", "remedy"} and step["ok"] for step in steps)
    assert maildock("providers", "remove", provider["provider_id"]).code == 2
    assert maildock("providers", "show", str(uuid4())).code == 2
    assert shop


def test_sync_works_off_what_waits(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    provider = maildock("providers", "list", "--json").line["provider_id"]
    maildock("providers", "pause", provider)
    (tmp_path / "1.eml").write_bytes(mail("Printer").attach("a.txt", b"hello").raw())
    paused = maildock("ingest", "1.eml", "--tenant", shop)
    assert (paused.code, "paused" in paused.err) == (1, True)
    line = maildock("ingest", "1.eml", "--tenant", shop, "--json").line
    assert (line["outcome"], line["provider_id"], "paused" in line["error"]) == ("failed", provider, True)
    maildock("providers", "resume", provider)
    assert maildock("providers", "sync", provider, "--wait", "--json").line["health"]["backlog"] == 0
    assert maildock("providers", "sync", provider, "--since", "2026-01-01T10:00:00Z", "--wait").code == 0
    assert [row["status"] for row in maildock("attachments", "list", "--json").lines] == ["stored"]


def test_sync_says_that_something_failed_until_it_is_given_up(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    provider = maildock("providers", "list", "--json").line["provider_id"]
    maildock("providers", "pause", provider)
    (tmp_path / "1.eml").write_bytes(mail("Printer").raw())
    maildock("ingest", "1.eml", "--tenant", shop)
    maildock("providers", "resume", provider)
    for raw in objects(tmp_path):
        raw.unlink()
    for _ in range(2):
        failed = maildock("providers", "sync", provider, "--wait")
        assert failed.code == 1
        assert "1 mails or attachments have failed" in failed.err
    assert maildock("emails", "list", "--status", "failed", "--json").line["status"] == "failed"


def objects(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]


def test_fsck_finds_what_is_wrong_and_mends_it(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    kept = mail("Kept").attach("a.txt", b"hello").html('<img src="cid:x">').inline("x.png", b"png", cid="x")
    (tmp_path / "1.eml").write_bytes(kept.raw())
    maildock("ingest", "1.eml", "--tenant", shop)
    clean = maildock("fsck", "--json")
    assert (clean.code, clean.line) == (0, {"checked": 2, "missing": [], "damaged": [], "orphaned": [], "stuck": []})
    (file,) = [path for path in objects(tmp_path) if path.read_bytes() == b"hello"]
    file.write_bytes(b"hullo")
    orphan = file.with_name(file.name[:2] + "0" * 62)
    orphan.write_bytes(b"nobody's")
    os.utime(orphan, (time.time() - 7200,) * 2)
    young = file.with_name(file.name[:2] + "1" * 62)
    young.write_bytes(b"somebody's, perhaps")
    found = maildock("fsck", "--json")
    assert found.code == 1
    assert [len(found.line[kind]) for kind in ("missing", "damaged", "orphaned", "stuck")] == [0, 1, 1, 0]
    told = {line.partition(":")[0] for line in found.err.splitlines()}
    assert {*found.line["damaged"], *found.line["orphaned"]} <= told
    assert maildock("fsck", "--repair").code == 1
    assert maildock("worker", "--drain").code == 0
    assert maildock("fsck").code == 0
    assert file.read_bytes() == b"hello"
    assert young.exists()


def test_fsck_leaves_alone_what_is_not_ours_and_says_so(maildock: Maildock, shop: str, tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(mail("Kept").attach("a.txt", b"hello").raw())
    maildock("ingest", "1.eml", "--tenant", shop)
    foreign = tmp_path / "data" / "files" / "notes.txt"
    foreign.write_bytes(b"an operator's")
    os.utime(foreign, (time.time() - 7200,) * 2)
    run = maildock("fsck", "--repair", "--json")
    assert (run.code, run.line["orphaned"], "left alone" in run.err) == (1, ["notes.txt"], True)
    assert foreign.exists()


def test_doctor_says_what_is_in_force_and_hides_secrets(maildock: Maildock) -> None:
    run = maildock("doctor", METRICS_TOKEN="open sesame")
    assert run.code == 0
    assert "MAILDOCK_CLAIM_SECONDS=2" in run.out
    assert "open sesame" not in run.out + run.err
    assert "a secret for tests only" not in run.out + run.err


def test_doctor_refuses_what_every_command_refuses(maildock: Maildock) -> None:
    run = maildock("doctor", PROVIDER_ORIGINS="http://example.com")
    assert (run.code, run.out) == (2, "")
    assert "MAILDOCK_PROVIDER_ORIGINS" in run.err


def test_doctor_names_what_is_wrong(maildock: Maildock) -> None:
    run = maildock("doctor", DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    assert run.code == 1
    assert "WRONG database" in run.out
    assert "secret@" not in run.out
    assert "Traceback" not in run.err


def _with_issuer(maildock: Maildock, word: str, issuer: str, tenant: str) -> Run:
    secret = "known to the issuer"
    return maildock(word, OIDC_ISSUER=issuer, OIDC_CLIENT_ID="desk", OIDC_CLIENT_SECRET=secret, OIDC_TENANT=tenant)


async def test_doctor_asks_the_issuer(maildock: Maildock, owner_dsn: str, settings: Settings) -> None:
    async with wiring.open_context(settings, wiring.dsns(settings, owner_dsn)) as context, OpenIdServer() as issuer:
        await add_tenant(context.database, "Shop")
        run = await asyncio.to_thread(_with_issuer, maildock, "doctor", issuer.url, "Shop")
        slash = await asyncio.to_thread(_with_issuer, maildock, "doctor", f"{issuer.url}/", "Shops")
    assert (run.code, "known to the issuer" in run.out) == (0, False)
    assert f"ok    issuer: {issuer.url} shows its addresses and keys" in run.out
    assert slash.code == 1
    assert "WRONG issuer: discovery: another issuer" in slash.out
    assert "WRONG single sign-on's tenant: there is no tenant 'Shops'" in slash.out


def test_doctor_says_that_an_issuer_is_away_or_not_safe(maildock: Maildock, shop: str) -> None:
    away = _with_issuer(maildock, "doctor", "http://127.0.0.1:1", shop)
    assert "WRONG issuer: discovery (127.0.0.1 cannot be reached" in away.out
    unsafe = _with_issuer(maildock, "doctor", "http://issuer.example", shop)
    assert "must be https" in unsafe.out
    assert _with_issuer(maildock, "web", "http://issuer.example", shop).code == 2


def test_migrate_checks_and_migrates(alone: Maildock) -> None:
    assert alone("migrate", "--check").code == 1
    assert alone("migrate").code == 0
    assert alone("migrate", "--check").code == 0
