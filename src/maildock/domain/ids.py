"""Every key that is derived from a mail, built in one place from what stays the same at every look.

A second attempt, another worker, a restart: all of them arrive at the same ids, so the primary keys alone make sure
that nothing exists twice.
"""

import hashlib
from uuid import UUID, uuid5

from maildock.domain.message import InboundMessage

# The root of maildock's own ids; changing it would make every mail look new.
_NAMESPACE = UUID("6f0f2a52-6d1b-5c0e-9a52-3d1d6a1b7c44")

ORIGINAL = "original"  # the attachment_id of the raw message itself
LIMIT = "limit"  # of the row that stands for all parts beyond the limit


def _derived(what: str, tenant: UUID, provider_id: UUID, *opaque: str) -> UUID:
    # Opaque ids come from outside and may hold any character, so each is preceded by its length.
    name = "".join(f"{len(part)}:{part}" for part in (what, str(tenant), str(provider_id), *opaque))
    return uuid5(_NAMESPACE, name)


def file_provider_id(tenant: UUID) -> UUID:
    """Give the id of the tenant's built-in provider of kind `file`."""
    return uuid5(_NAMESPACE, f"file-provider:{tenant}")


def ticket_id(tenant: UUID, provider_id: UUID, email_id: str) -> UUID:
    """Give the id of the ticket that this email makes, should it make one."""
    return _derived("ticket", tenant, provider_id, email_id)


def comment_id(tenant: UUID, provider_id: UUID, email_id: str) -> UUID:
    """Give the id of the comment that this email makes."""
    return _derived("comment", tenant, provider_id, email_id)


def file_id(tenant: UUID, provider_id: UUID, email_id: str, attachment_id: str) -> UUID:
    """Give the id of the `file_stores` row of an attachment."""
    return _derived("file", tenant, provider_id, email_id, attachment_id)


def document_id(tenant: UUID, provider_id: UUID, email_id: str, attachment_id: str) -> UUID:
    """Give the id of the `documents` row of an attachment."""
    return _derived("document", tenant, provider_id, email_id, attachment_id)


def association_id(tenant: UUID, provider_id: UUID, email_id: str, attachment_id: str) -> UUID:
    """Give the id of the `document_associations` row of an attachment."""
    return _derived("association", tenant, provider_id, email_id, attachment_id)


def text_hash(text: str) -> bytes:
    """Hash what is looked up but may be too long for an index: Message-IDs, addresses, thread ids."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def fingerprint(message: InboundMessage) -> bytes | None:
    """Identify the same mail in two mailboxes: Message-ID, sender, date and bodies together.

    A Message-ID alone is forgeable, and a forged one must not make a mail vanish. Without one nothing is merged.
    """
    if not message.message_id:
        return None
    sender = message.sender.address if message.sender else ""
    date = message.date.isoformat() if message.date else ""
    facts = (message.message_id, sender, date, message.body_digest)
    return text_hash("".join(f"{len(fact)}:{fact}" for fact in facts))
