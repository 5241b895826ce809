from uuid import UUID

import pytest

from maildock.access.sealing import Sealed, Sealer

TENANT, PROVIDER, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)


def test_what_is_sealed_opens_again_and_shows_nothing() -> None:
    sealed = Sealer(["key"]).seal(TENANT, PROVIDER, "s3cret")
    assert b"s3cret" not in sealed
    assert Sealer(["key"]).open(TENANT, PROVIDER, sealed) == "s3cret"


def test_the_same_secret_looks_different_each_time() -> None:
    sealer = Sealer(["key"])
    assert sealer.seal(TENANT, PROVIDER, "s3cret") != sealer.seal(TENANT, PROVIDER, "s3cret")


def test_keys_rotate() -> None:
    old = Sealer(["old"]).seal(TENANT, PROVIDER, "s3cret")
    rotated = Sealer(["new", "old"])
    assert rotated.open(TENANT, PROVIDER, old) == "s3cret"
    assert Sealer(["new"]).open(TENANT, PROVIDER, rotated.seal(TENANT, PROVIDER, "s3cret")) == "s3cret"


@pytest.mark.parametrize(("tenant", "provider"), [(OTHER, PROVIDER), (TENANT, OTHER)])
def test_what_is_sealed_for_one_opens_for_no_other(tenant: UUID, provider: UUID) -> None:
    with pytest.raises(Sealed, match="MAILDOCK_SECRET_KEY"):
        Sealer(["key"]).open(tenant, provider, Sealer(["key"]).seal(TENANT, PROVIDER, "s3cret"))


def test_a_lost_key_or_a_damaged_secret_is_said() -> None:
    sealed = Sealer(["key"]).seal(TENANT, PROVIDER, "s3cret")
    for sealer, data in ((Sealer(["other"]), sealed), (Sealer(["key"]), sealed[:-1]), (Sealer(["key"]), b"")):
        with pytest.raises(Sealed):
            sealer.open(TENANT, PROVIDER, data)
