"""Bearer tokens: `mdk_{tenant}_{token id}_{secret}`, the two ids in hex, so that a token names its tenant.

The secret is random and long, so a plain SHA-256 of it is as good as a slow hash, and a request pays nothing for it.
"""

import hashlib
import hmac
import re
import secrets
from uuid import UUID, uuid4

from maildock.domain.errors import UsageError
from maildock.tables import api_tokens
from maildock.tables.session import Database, TenantSession

LONGEST_NAME = 200

_TOKEN = re.compile(r"mdk_([0-9a-f]{32})_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


async def issue(
    session: TenantSession, name: str, user_id: UUID | None = None, token_id: UUID | None = None
) -> tuple[UUID, str]:
    """Make a token of the session's tenant: its id, and the token itself, which nobody can look up again.

    It opens nothing while the person `user_id`, where one made it, is disabled. A wish that names its `token_id` is
    granted once, and is a `UsageError` afterwards.
    """
    if len(name) > LONGEST_NAME or not (name.isprintable() or not name):
        raise UsageError(f"a token's name has at most {LONGEST_NAME} printable characters")
    token_id, secret = token_id or uuid4(), secrets.token_urlsafe(32)
    if not await api_tokens.create(session, token_id, name, _hash(secret), user_id):
        raise UsageError("this token was made already, and was shown then; revoke it if it is lost, and make another")
    return token_id, f"mdk_{session.tenant.hex}_{token_id.hex}_{secret}"


async def tenant_of(database: Database, token: str) -> UUID | None:
    """Give the tenant that a token opens, `None` where it opens nothing."""
    parts = _TOKEN.fullmatch(token)
    if not parts:
        return None
    tenant = UUID(parts[1])
    async with database.tenant(tenant) as session:
        wanted = await api_tokens.secret(session, UUID(parts[2]))
        if wanted is None or not hmac.compare_digest(bytes(wanted.secret_hash), _hash(parts[3])):
            return None
        if wanted.is_long_unused:
            await api_tokens.note_use(session, UUID(parts[2]))
    return tenant


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
