from uuid import UUID

import pytest

from maildock.storage.keys import object_key, parse_key

SHA256 = "ab" * 32


def test_key_is_tenant_then_two_digits_then_the_hash(tenant: UUID) -> None:
    assert object_key(tenant, SHA256) == f"{tenant}/ab/{SHA256}"


def test_key_reads_back(tenant: UUID) -> None:
    assert parse_key(object_key(tenant, SHA256)) == (tenant, SHA256)


@pytest.mark.parametrize("sha256", ["", "ab", "AB" * 32, "../../etc/passwd", "ab" * 32 + "\n", "zz" * 32])
def test_what_is_no_hash_makes_no_key(tenant: UUID, sha256: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        object_key(tenant, sha256)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "notes.txt",
        f"5c3f0cf2-6d3b-4b0f-9a53-0f5f3ddc1f3a/aa/{SHA256}",
        f"5C3F0CF2-6d3b-4b0f-9a53-0f5f3ddc1f3a/ab/{SHA256}",
        f"5c3f0cf26d3b4b0f9a530f5f3ddc1f3a/ab/{SHA256}",
        f"5c3f0cf2-6d3b-4b0f-9a53-0f5f3ddc1f3a/ab/{SHA256}/",
        f"../5c3f0cf2-6d3b-4b0f-9a53-0f5f3ddc1f3a/ab/{SHA256}",
    ],
)
def test_a_key_that_nothing_here_makes_is_not_read(key: str) -> None:
    assert parse_key(key) is None
