"""`message_fingerprints`: which email was the first of several copies of one mail."""

from uuid import UUID

from maildock.tables.session import TenantSession


async def first_of(session: TenantSession, fingerprint: bytes, provider_id: UUID, email_id: str) -> tuple[UUID, str]:
    """Give `(provider_id, email_id)` of the first copy: this email itself, unless another was faster.

    A transaction that is just filing another copy is waited for, so a race has one winner.
    """
    params = {"fingerprint": fingerprint, "provider_id": provider_id, "email_id": email_id}
    inserted = await session.execute(
        "INSERT INTO message_fingerprints (tenant, fingerprint, provider_id, email_id)"
        " VALUES (%(tenant)s, %(fingerprint)s, %(provider_id)s, %(email_id)s)"
        " ON CONFLICT (tenant, fingerprint) DO NOTHING",
        params,
    )
    if inserted:
        return provider_id, email_id
    ((first_provider, first_email),) = await session.values(
        "SELECT provider_id, email_id FROM message_fingerprints"
        " WHERE tenant = %(tenant)s AND fingerprint = %(fingerprint)s",
        params,
    )
    return first_provider, first_email
