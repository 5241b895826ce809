"""The key of an object: named by its content, never by anything a mail says."""

import re
from uuid import UUID

_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/([0-9a-f]{2})/(\2[0-9a-f]{62})")


def object_key(tenant: UUID, sha256: str) -> str:
    """Give `{tenant}/{sha256[0:2]}/{sha256}`; `sha256` is 64 lower-case hex digits, else `ValueError`."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"not a SHA-256 in lower-case hex: {sha256!r}")
    return f"{tenant}/{sha256[:2]}/{sha256}"


def parse_key(key: str) -> tuple[UUID, str] | None:
    """Read tenant and SHA-256 back from a key; `None` when `object_key` can't have made it."""
    match = _KEY.fullmatch(key)
    return (UUID(match[1]), match[3]) if match else None
