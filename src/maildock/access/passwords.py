"""Passwords: made up, hashed with Argon2id (RFC 9106) and verified, always in threads of their own.

One hash takes 64 MiB for a moment, so only a few run at a time, however many people log in.
"""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

LONGEST_PASSWORD = 1024  # characters
SHORTEST_PASSWORD = 10

_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH = 20  # 116 bits

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def new_password() -> str:
    """Make up a password without letters that look alike."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


async def hash_password(password: str) -> str:
    """Hash a password under today's parameters; they stand in the hash."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(password_hash: str | None, password: str) -> bool:
    """Say whether this is the password; without a hash as much is computed, and the answer is no."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _matches, password_hash, password)


def is_outdated(password_hash: str) -> bool:
    """Say whether a hash was made under other parameters than today's."""
    return _hasher.check_needs_rehash(password_hash)


def _matches(password_hash: str | None, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        _hasher.verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys() -> str:
    return _hasher.hash(new_password())
