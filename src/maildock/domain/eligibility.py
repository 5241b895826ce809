"""Which parts become documents: the tenant's policy over the facts of a part. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from maildock.domain.message import Part, PartKind

# A provider's declared size overstates (Graph counts the encoding), so only far beyond the limit is it believed.
DECLARED_SIZE_MARGIN = 1.5

_SKIPPED_KINDS = {
    PartKind.MACHINE: "machine_part",
    PartKind.REFERENCE_LINK: "reference_link",
    PartKind.UNSUPPORTED: "unsupported_type",
    PartKind.LIMIT: "limit",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a tenant wants: the inclusive limit in bytes, and what becomes of parts that the HTML shows."""

    max_attachment_bytes: int
    keep_inline: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A part with the reason to skip it, `None` when its bytes are wanted."""

    part: Part
    skip: str | None


def skip_reason(
    kind: PartKind, size: int | None, policy: Policy, *, shown_inline: bool, wished: bool = False
) -> str | None:
    """Say why a part is not stored, `None` when its bytes are wanted.

    `wished` is a person's wish: it overrides what is policy, not what is impossible.
    """
    if kind in _SKIPPED_KINDS and not (wished and kind is PartKind.MACHINE):
        return _SKIPPED_KINDS[kind]
    if shown_inline and not policy.keep_inline and not wished:
        return "inline"
    if size is not None and size > policy.max_attachment_bytes * DECLARED_SIZE_MARGIN:
        return "too_large"
    return None


def judge(parts: Iterable[Part], policy: Policy) -> tuple[Judged, ...]:
    """Judge every part of a mail."""
    return tuple(
        Judged(part, skip_reason(part.kind, part.size, policy, shown_inline=part.shown_inline)) for part in parts
    )
