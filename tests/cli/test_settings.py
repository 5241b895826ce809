import os
from pathlib import Path

import pytest

from maildock.domain.errors import UsageError
from maildock.embedded.database import EmbeddedDatabase
from maildock.settings import PREFIX, Settings, load
from tests.cli.program import Maildock

POSTGRES = "postgresql://owner:hidden@db.example/maildock"


def given(**settings: str) -> Settings:
    return load({PREFIX + name: value for name, value in settings.items()}, Path("no.env"))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("CLAIM_SECOND", "5", "did you mean MAILDOCK_CLAIM_SECONDS"),
        ("XYZZY", "5", "`maildock doctor --help` lists them"),
        ("CLAIM_SECONDS", "inf", "less than"),
        ("CLAIM_SECONDS", "0", "greater than"),
        ("GIVE_UP_HOURS", "nan", "less than"),
        ("MAX_ATTEMPTS", "99999999999999999999", "less than"),
        ("MAX_ATTACHMENT_BYTES", "5 MB", "valid integer"),
        ("KEEP_ORIGINAL", "perhaps", "valid boolean"),
        ("STORAGE_URL", "s3://bucket", "file:///absolute/path"),
        ("STORAGE_URL", "file://relative/path", "file:///absolute/path"),
        ("STORAGE_URL", "file:///a?b", "file:///absolute/path"),
        ("STORAGE_URL", "file:///", "file:///absolute/path"),
        ("DATABASE_URL", "mysql://db", "postgresql://"),
        ("DATABASE_URL", "postgresql://owner:hidden@db/x?nonsense=1", "is not a PostgreSQL URL"),
        ("DATABASE_URL", POSTGRES, "SECRET_KEY must be set"),
        ("APP_DATABASE_URL", POSTGRES, "SWEEP_DATABASE_URL must be set"),
        ("PUBLIC_URL", "desk.example", "https://desk.example"),
        ("PROVIDER_ORIGINS", "https://a.example, https://b.example/path", "without a path"),
        ("METRICS_TOKEN", "\udcff", "is not UTF-8"),
        ("OIDC_ISSUER", "accounts.google.com", "https://accounts.google.com"),
        ("OIDC_ISSUER", "https://issuer.example/?x=1", "without \\? and #"),
        ("OIDC_ISSUER", "https://issuer.example", "OIDC_CLIENT_ID must be set"),
        ("OIDC_TENANT", "Shop", "OIDC_ISSUER must be set"),
        ("OIDC_AGENT_DOMAINS", "shop.example, *", "email domains"),
        ("OIDC_AGENT_DOMAINS", "@shop.example", "email domains"),
        ("OIDC_ADMIN_CLAIM", "roles", "claim=value"),
        ("OIDC_NAME", "x" * 61, "60 characters"),
    ],
)
def test_a_setting_that_cannot_work_is_named_with_the_reason(name: str, value: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        given(**{name: value})
    assert "MAILDOCK_" in str(refused.value)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("key", [",", " , ", ",,,"])
def test_a_key_of_commas_is_none(alone: Maildock, key: str) -> None:
    with pytest.raises(UsageError, match="MAILDOCK_SECRET_KEY"):
        given(DATABASE_URL=POSTGRES, SECRET_KEY=key)
    run = alone("tenants", "list", SECRET_KEY=key)
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert "MAILDOCK_SECRET_KEY: has commas, but no key; write one" in run.err
    assert not (alone.folder / "own-data").exists(), "nothing was made under another key"


def test_a_comma_too_many_leaves_the_keys() -> None:
    assert given(SECRET_KEY=",new, old,").secret_keys == ("new", "old")


def test_an_empty_value_is_the_default() -> None:
    assert given(INLINE="", CLAIM_SECONDS=" ") == given()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("# ours\nMAILDOCK_INLINE=keep\nMAILDOCK_MAX_ATTEMPTS='3'\nOTHER=1\n")
    found = load({"MAILDOCK_MAX_ATTEMPTS": "5"}, dotenv)
    assert (found.inline, found.max_attempts) == ("keep", 5)


def test_a_file_may_begin_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("MAILDOCK_INLINE=keep\n", "utf-8-sig")
    assert load({}, dotenv).inline == "keep"


@pytest.mark.parametrize(
    "content",
    [
        b"MAILDOCK_INLINE=\xff\n",
        b"MAILDOCK_INLIN=keep\n",
        b"MAILDOCK_INLINE=maybe\n",
        b"MAILDOCK_INLINE\n",
        b"OTHER=1\nMAILDOCK_INLINE keep\n",
    ],
)
def test_a_bad_file_stops_the_program_with_one_line(alone: Maildock, tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    run = alone("tenants", "list")
    assert (run.code, run.out, len(run.err.splitlines())) == (2, "", 1)
    assert ".env" in run.err or "MAILDOCK_INLIN" in run.err


def test_a_data_dir_may_have_any_name(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"d\xff #?% x")
    run = Maildock({"MAILDOCK_DATA_DIR": str(odd)}, tmp_path)("doctor", "--json")
    EmbeddedDatabase(odd).destroy()
    assert run.code == 0
    assert odd.joinpath("files").is_dir()
