"""Tokens are asked for once, kept while they last, and refusals say what to do."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from maildock.domain.errors import MaildockError, Throttled, Unauthorized, Unavailable
from tests.providers.microsoft.conftest import Connect, Desk
from tests.servers.microsoft.faults import FaultKind


@pytest.fixture(scope="module")
def pem() -> tuple[str, str]:
    """A private key, and its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "maildock")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=9))
    ).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    written = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return written.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


async def test_one_request_serves_all_who_wait(desk: Desk) -> None:
    await asyncio.gather(*(desk.provider.probe(desk.mailbox) for _ in range(3)))
    assert desk.graph.authority.asked == 1


async def test_one_failure_serves_all_who_wait(desk: Desk) -> None:
    fault = desk.graph.fault("/token", times=9, kind="silence", seconds=0.3)
    found = await asyncio.gather(*(desk.provider.probe(desk.mailbox) for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable] * 3
    assert fault.hits == 1


async def test_an_expired_token_is_renewed_once(desk: Desk) -> None:
    await desk.provider.probe(desk.mailbox)
    desk.graph.authority.expire_tokens()
    await desk.provider.probe(desk.mailbox)
    assert (desk.graph.authority.asked, desk.graph.authority.unauthorized) == (2, 1)


async def test_a_token_is_not_used_to_its_end(desk: Desk) -> None:
    desk.graph.authority.token_seconds = 1
    await desk.provider.probe(desk.mailbox)
    await asyncio.sleep(0.6)
    await desk.provider.probe(desk.mailbox)
    assert desk.graph.authority.asked == 2


async def test_a_token_that_is_never_taken_closes_the_mailbox(desk: Desk) -> None:
    desk.graph.fault("/mailFolders", times=2, kind="unauthorized")
    with pytest.raises(Unauthorized, match="does not take the token"):
        await desk.provider.probe(desk.mailbox)
    await desk.provider.probe(desk.mailbox)


async def test_a_revoked_secret_is_said_once_its_token_has_expired(desk: Desk) -> None:
    await desk.provider.probe(desk.mailbox)
    desk.graph.authority.revoke_secret(desk.graph.client_id)
    await desk.provider.probe(desk.mailbox)
    desk.graph.authority.expire_tokens()
    with pytest.raises(Unauthorized, match="client secret is wrong") as caught:
        await desk.provider.probe(desk.mailbox)
    assert "maildock providers secret" in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (7000222, "has expired"),
        (700016, "does not know the application"),
        (90002, "no such directory"),
        (65001, "consented"),
        (500011, "not known"),
        (123456, "AADSTS123456"),
    ],
)
async def test_what_the_authority_refuses_is_said_in_words(desk: Desk, number: int, said: str) -> None:
    desk.graph.authority.refusals = [number]
    with pytest.raises(Unauthorized, match=said) as caught:
        await desk.provider.probe(desk.mailbox)
    assert caught.value.remedy
    await desk.provider.probe(desk.mailbox)


@pytest.mark.parametrize(
    ("kind", "error"), [("throttled", Throttled), ("unavailable", Unavailable), ("garbage", Unavailable)]
)
async def test_an_authority_that_is_busy_is_an_outage(desk: Desk, kind: FaultKind, error: type[MaildockError]) -> None:
    desk.graph.fault("/token", kind=kind, retry_after=3)
    with pytest.raises(error):
        await desk.provider.probe(desk.mailbox)


async def test_a_certificate_logs_in(connect: Connect, pem: tuple[str, str]) -> None:
    desk = await connect(certificate="".join(reversed(pem)))
    desk.graph.authority.certificates[desk.graph.client_id] = pem[1]
    await desk.provider.probe(desk.mailbox)
    assert desk.graph.authority.issued == 1


async def test_a_certificate_that_nobody_uploaded_is_refused(connect: Connect, pem: tuple[str, str]) -> None:
    desk = await connect(certificate="\n".join(pem))
    with pytest.raises(Unauthorized, match="certificate is not one"):
        await desk.provider.probe(desk.mailbox)
