"""The keys of objects: `{tenant}/{sha256[0:2]}/{sha256}`. A key never holds anything that a mail says."""

import re
from uuid import UUID

_KEY = re.compile(r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/([0-9a-f]{2})/(\2[0-9a-f]{62})")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def object_key(tenant: UUID, sha256: str) -> str:
    """Name the object with this content; `sha256` is in lower-case hex."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"not a SHA-256 in hex: {sha256!r}")
    return f"{tenant}/{sha256[:2]}/{sha256}"


def parse_key(key: str) -> tuple[UUID, str] | None:
    """Read tenant and hash back from a key, `None` where it is none."""
    found = _KEY.fullmatch(key)
    return (UUID(found[1]), found[3]) if found else None
