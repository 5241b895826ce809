"""`objects`: what the store holds, or is about to hold, or is about to lose.

A row is taken before the bytes are put and checked again at commit; whoever deletes marks `deleting` first. So an
object that somebody is reusing cannot vanish, and one that is vanishing cannot be reused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from maildock.domain.errors import StorageFailure
from maildock.tables.session import TenantSession

# What nobody has touched for this long and nothing refers to may be deleted.
UNTOUCHED_MINUTES = 60

_UNREFERENCED = (
    " NOT EXISTS (SELECT FROM file_stores f WHERE f.tenant = %(tenant)s AND f.sha256 = o.sha256)"
    " AND NOT EXISTS (SELECT FROM email_processed_messages m WHERE m.tenant = %(tenant)s AND m.raw_sha256 = o.sha256)"
    " AND NOT EXISTS"
    " (SELECT FROM email_processed_attachments a WHERE a.tenant = %(tenant)s AND a.kept_sha256 = o.sha256)"
)


class ObjectVanishing(StorageFailure):
    """The object is just being deleted; in a moment it can be put again."""


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One object: `size` in bytes, `state` is `writing`, `stored` or `deleting`."""

    sha256: str
    size: int
    state: str


async def reserve(session: TenantSession, objects: Sequence[tuple[str, int]]) -> None:
    """Announce `(sha256, size)` pairs that are about to be put; raises `ObjectVanishing` if one is being deleted."""
    wanted = dict(objects)
    reserved = await session.execute(
        "INSERT INTO objects AS o (tenant, sha256, size, state, touched_at)"
        " SELECT %(tenant)s, sha256, size, 'writing', now()"
        " FROM unnest(%(hashes)s::text[], %(sizes)s::bigint[]) AS new (sha256, size) ORDER BY sha256"
        " ON CONFLICT (tenant, sha256) DO UPDATE SET touched_at = excluded.touched_at WHERE o.state <> 'deleting'",
        {"hashes": list(wanted), "sizes": list(wanted.values())},
    )
    if reserved != len(wanted):
        raise ObjectVanishing


async def confirm(session: TenantSession, hashes: Sequence[str]) -> None:
    """Mark objects as stored, in the transaction that refers to them; raises `ObjectVanishing` if one went away."""
    wanted = sorted(set(hashes))
    # Locked in one order, so that two groups with objects in common cannot block each other.
    locked = await session.values(
        "SELECT sha256 FROM objects WHERE tenant = %(tenant)s AND sha256 = ANY(%(hashes)s) AND state <> 'deleting'"
        " ORDER BY sha256 FOR UPDATE",
        {"hashes": wanted},
    )
    if len(locked) != len(wanted):
        raise ObjectVanishing
    await session.later(
        "UPDATE objects SET state = 'stored', touched_at = now()"
        " WHERE tenant = %(tenant)s AND sha256 = ANY(%(hashes)s)",
        {"hashes": wanted},
    )


async def mark_unreferenced(session: TenantSession, limit: int = 500) -> list[ObjectRow]:
    """Mark what nothing refers to as `deleting`, and give everything that is so marked."""
    untouched = (
        "SELECT o.sha256 FROM objects o WHERE o.tenant = %(tenant)s AND o.state <> 'deleting'"
        " AND o.touched_at < now() - make_interval(mins => %(minutes)s) AND"
    )
    await session.execute(
        "UPDATE objects SET state = 'deleting' WHERE tenant = %(tenant)s"
        " AND touched_at < now() - make_interval(mins => %(minutes)s) AND sha256 IN ("
        + untouched
        + _UNREFERENCED
        + " LIMIT %(limit)s)",
        {"minutes": UNTOUCHED_MINUTES, "limit": limit},
    )
    return await session.all(
        ObjectRow,
        "SELECT sha256, size, state FROM objects WHERE tenant = %(tenant)s AND state = 'deleting' LIMIT %(limit)s",
        {"limit": limit},
    )


async def forget(session: TenantSession, hashes: Sequence[str]) -> None:
    """Remove the rows of objects that have been deleted from the store."""
    await session.execute(
        "DELETE FROM objects WHERE tenant = %(tenant)s AND sha256 = ANY(%(hashes)s) AND state = 'deleting'",
        {"hashes": list(hashes)},
    )


async def page(session: TenantSession, after: str, limit: int = 1000) -> list[ObjectRow]:
    """Walk over the tenant's objects by hash."""
    return await session.all(
        ObjectRow,
        "SELECT sha256, size, state FROM objects WHERE tenant = %(tenant)s AND sha256 > %(after)s"
        " ORDER BY sha256 LIMIT %(limit)s",
        {"after": after, "limit": limit},
    )


async def is_stored(session: TenantSession, sha256: str) -> bool:
    """Say whether the object is meant to be in the store."""
    found = await session.value(
        "SELECT true FROM objects WHERE tenant = %(tenant)s AND sha256 = %(sha256)s AND state = 'stored'",
        {"sha256": sha256},
    )
    return found is True


async def unknown(session: TenantSession, hashes: Sequence[str]) -> list[str]:
    """Give those of the hashes that have no row."""
    rows = await session.values(
        "SELECT sha256 FROM unnest(%(hashes)s::text[]) AS found (sha256) WHERE NOT EXISTS"
        " (SELECT FROM objects AS o WHERE o.tenant = %(tenant)s AND o.sha256 = found.sha256) ORDER BY sha256",
        {"hashes": list(hashes)},
    )
    return [row[0] for row in rows]


async def claim_orphan(session: TenantSession, sha256: str) -> bool:
    """Mark an object without a row as `deleting`; `False` when somebody has just begun to use it."""
    marked = await session.execute(
        "INSERT INTO objects (tenant, sha256, size, state) VALUES (%(tenant)s, %(sha256)s, 0, 'deleting')"
        " ON CONFLICT (tenant, sha256) DO NOTHING",
        {"sha256": sha256},
    )
    return marked == 1
