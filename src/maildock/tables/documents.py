"""`file_stores`, `documents` and `document_associations`: the stored bytes, the record, the link to a ticket.

The three are always written together, for many attachments at once, under ids derived from the mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from maildock.tables.session import TenantSession


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A stored file that becomes a document on a ticket; `size` in bytes, `sha256` in hex."""

    file_id: UUID
    document_id: UUID
    association_id: UUID
    ticket_id: UUID
    storage_key: str
    sha256: str
    size: int
    content_type: str
    name: str


async def create(session: TenantSession, system_user: UUID, new: Sequence[NewDocument]) -> None:
    """Write files, documents and associations, a statement each; what exists already stays as it is."""
    params = {
        "user": system_user,
        "file_ids": [document.file_id for document in new],
        "document_ids": [document.document_id for document in new],
        "association_ids": [document.association_id for document in new],
        "ticket_ids": [document.ticket_id for document in new],
        "keys": [document.storage_key for document in new],
        "hashes": [document.sha256 for document in new],
        "sizes": [document.size for document in new],
        "types": [document.content_type for document in new],
        "names": [document.name for document in new],
    }
    await session.later(
        "INSERT INTO file_stores"
        " (tenant, file_id, storage_key, sha256, size, content_type, original_name, uploaded_by)"
        " SELECT %(tenant)s, file_id, storage_key, sha256, size, content_type, original_name, %(user)s"
        " FROM unnest(%(file_ids)s::uuid[], %(keys)s::text[], %(hashes)s::text[], %(sizes)s::bigint[],"
        " %(types)s::text[], %(names)s::text[])"
        " AS new (file_id, storage_key, sha256, size, content_type, original_name)"
        " ON CONFLICT (tenant, file_id) DO NOTHING",
        params,
    )
    await session.later(
        "INSERT INTO documents (tenant, document_id, file_id, name, created_by)"
        " SELECT %(tenant)s, document_id, file_id, name, %(user)s"
        " FROM unnest(%(document_ids)s::uuid[], %(file_ids)s::uuid[], %(names)s::text[])"
        " AS new (document_id, file_id, name) ON CONFLICT (tenant, document_id) DO NOTHING",
        params,
    )
    await session.later(
        "INSERT INTO document_associations"
        " (tenant, association_id, document_id, entity_type, entity_id, created_by)"
        " SELECT %(tenant)s, association_id, document_id, 'ticket', ticket_id, %(user)s"
        " FROM unnest(%(association_ids)s::uuid[], %(document_ids)s::uuid[], %(ticket_ids)s::uuid[])"
        " AS new (association_id, document_id, ticket_id)"
        " ON CONFLICT (tenant, document_id, entity_type, entity_id) DO NOTHING",
        params,
    )
