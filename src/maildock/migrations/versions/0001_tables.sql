-- Everything that mail becomes. The tenant leads every key, unique index, foreign key and index, so that each table can
-- be distributed by it and no statement has to leave its shard.

CREATE TABLE tenants (
    tenant uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    system_user_id uuid NOT NULL,
    file_provider_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant)
);

CREATE TABLE users (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    user_id uuid NOT NULL,
    email text,
    role text NOT NULL CHECK (role IN ('admin', 'agent', 'system')),
    password_hash text,
    failed_logins integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, user_id),
    CHECK ((role = 'system') = (email IS NULL))
);
CREATE UNIQUE INDEX users_email ON users (tenant, email);

CREATE TABLE sessions (
    tenant uuid NOT NULL,
    session_id uuid NOT NULL,
    user_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, session_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id) ON DELETE CASCADE
);
CREATE INDEX sessions_expiry ON sessions (tenant, expires_at);

CREATE TABLE api_tokens (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    token_id uuid NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    PRIMARY KEY (tenant, token_id)
);

CREATE TABLE ticket_counters (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    last_number integer NOT NULL,
    PRIMARY KEY (tenant)
);

CREATE TABLE tickets (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    ticket_id uuid NOT NULL,
    number integer NOT NULL,
    subject text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    requester text,
    requester_name text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, ticket_id)
);
CREATE UNIQUE INDEX tickets_number ON tickets (tenant, number);
CREATE INDEX tickets_latest ON tickets (tenant, updated_at, number);

-- `twinned`: the same mail also came through another mailbox, so its files must be compared before they are stored.
CREATE TABLE comments (
    tenant uuid NOT NULL,
    comment_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    author text,
    author_name text NOT NULL DEFAULT '',
    author_hash bytea NOT NULL,
    author_is_new boolean NOT NULL,
    automatic boolean NOT NULL,
    twinned boolean NOT NULL DEFAULT false,
    body_text text NOT NULL,
    body_html text NOT NULL,
    reply_text text NOT NULL,
    message_id text,
    provider_id uuid NOT NULL,
    email_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, comment_id),
    FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, ticket_id) ON DELETE CASCADE
);
CREATE INDEX comments_of_ticket ON comments (tenant, ticket_id, created_at);
CREATE INDEX comments_authors ON comments (tenant, ticket_id, author_hash);

-- An object's row is taken before its bytes are put and checked again at commit, so deleting cannot race with reuse.
CREATE TABLE objects (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('writing', 'stored', 'deleting')),
    touched_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, sha256)
);

CREATE TABLE file_stores (
    tenant uuid NOT NULL,
    file_id uuid NOT NULL,
    storage_key text NOT NULL,
    sha256 text NOT NULL,
    size bigint NOT NULL,
    content_type text NOT NULL,
    original_name text NOT NULL,
    uploaded_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, file_id),
    FOREIGN KEY (tenant, sha256) REFERENCES objects (tenant, sha256),
    FOREIGN KEY (tenant, uploaded_by) REFERENCES users (tenant, user_id)
);
CREATE INDEX file_stores_object ON file_stores (tenant, sha256);

CREATE TABLE documents (
    tenant uuid NOT NULL,
    document_id uuid NOT NULL,
    file_id uuid NOT NULL,
    name text NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, document_id),
    FOREIGN KEY (tenant, file_id) REFERENCES file_stores (tenant, file_id),
    FOREIGN KEY (tenant, created_by) REFERENCES users (tenant, user_id)
);
CREATE INDEX documents_file ON documents (tenant, file_id);

CREATE TABLE document_associations (
    tenant uuid NOT NULL,
    association_id uuid NOT NULL,
    document_id uuid NOT NULL,
    entity_type text NOT NULL CHECK (entity_type IN ('ticket')),
    entity_id uuid NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, association_id),
    FOREIGN KEY (tenant, document_id) REFERENCES documents (tenant, document_id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX document_associations_once
    ON document_associations (tenant, document_id, entity_type, entity_id);
CREATE INDEX document_associations_entity ON document_associations (tenant, entity_type, entity_id);

CREATE TABLE email_providers (
    tenant uuid NOT NULL REFERENCES tenants (tenant) ON DELETE CASCADE,
    provider_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('microsoft', 'gmail', 'imap', 'smtp', 'file')),
    mailbox text NOT NULL,
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused')),
    status_reason text,
    since timestamptz NOT NULL DEFAULT now(),
    last_push_at timestamptz,
    last_poll_at timestamptz,
    last_mail_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, provider_id)
);

-- One row per mailbox and kind of work; who holds the token may work, until it expires.
CREATE TABLE mailbox_leases (
    tenant uuid NOT NULL,
    provider_id uuid NOT NULL,
    work text NOT NULL CHECK (work IN ('mail', 'files')),
    token uuid NOT NULL,
    taken_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, provider_id, work),
    FOREIGN KEY (tenant, provider_id) REFERENCES email_providers (tenant, provider_id) ON DELETE CASCADE
);

-- `raw_sha256` names the kept raw message, for as long as something may still be read from it.
-- `claims` counts how often work on the row began without an end: a row that kills its worker is found out by it.
CREATE TABLE email_processed_messages (
    tenant uuid NOT NULL,
    provider_id uuid NOT NULL,
    email_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('received', 'filed', 'duplicate', 'ignored', 'failed', 'gone', 'dead')),
    ticket_id uuid,
    comment_id uuid,
    message_id text,
    message_id_hash bytea,
    thread_hash bytea,
    sender text,
    subject text,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    raw_sha256 text,
    raw_size bigint,
    error_message text,
    attempts integer NOT NULL DEFAULT 0,
    outages integer NOT NULL DEFAULT 0,
    claims integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    next_attempt_at timestamptz,
    claim_token uuid,
    claimed_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, provider_id, email_id),
    FOREIGN KEY (tenant, provider_id) REFERENCES email_providers (tenant, provider_id),
    FOREIGN KEY (tenant, raw_sha256) REFERENCES objects (tenant, sha256)
);
CREATE INDEX email_processed_messages_due ON email_processed_messages (tenant, provider_id, created_at)
    INCLUDE (next_attempt_at, claimed_until) WHERE status IN ('received', 'failed');
CREATE INDEX email_processed_messages_dead ON email_processed_messages (tenant, provider_id) WHERE status = 'dead';
CREATE INDEX email_processed_messages_newest ON email_processed_messages (tenant, created_at, provider_id, email_id);
CREATE INDEX email_processed_messages_message_id ON email_processed_messages (tenant, message_id_hash)
    WHERE message_id_hash IS NOT NULL;
CREATE INDEX email_processed_messages_thread ON email_processed_messages (tenant, provider_id, thread_hash)
    WHERE thread_hash IS NOT NULL;
CREATE INDEX email_processed_messages_raw ON email_processed_messages (tenant, raw_sha256)
    WHERE raw_sha256 IS NOT NULL;

-- The same mail through two mailboxes is filed once: the first to insert its fingerprint wins.
CREATE TABLE message_fingerprints (
    tenant uuid NOT NULL,
    fingerprint bytea NOT NULL,
    provider_id uuid NOT NULL,
    email_id text NOT NULL,
    PRIMARY KEY (tenant, fingerprint),
    FOREIGN KEY (tenant, provider_id, email_id)
        REFERENCES email_processed_messages (tenant, provider_id, email_id) ON DELETE CASCADE
);

-- The ledger. `keep` is a person's wish to store what policy would skip. `kept_sha256` names a container's own bytes,
-- from which its files are read.
CREATE TABLE email_processed_attachments (
    tenant uuid NOT NULL,
    provider_id uuid NOT NULL,
    email_id text NOT NULL,
    attachment_id text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL,
    locator text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'processing', 'stored', 'skipped', 'failed', 'dead')),
    reason text CHECK (reason IN ('inline', 'too_large', 'unsupported_type', 'reference_link', 'machine_part',
        'container', 'duplicate', 'limit', 'throttled', 'unavailable', 'unauthorized', 'gone', 'corrupt', 'storage',
        'internal')),
    error_message text,
    attempts integer NOT NULL DEFAULT 0,
    outages integer NOT NULL DEFAULT 0,
    claims integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    next_attempt_at timestamptz,
    claim_token uuid,
    claimed_until timestamptz,
    keep boolean NOT NULL DEFAULT false,
    shown_inline boolean NOT NULL DEFAULT false,
    ticket_id uuid NOT NULL,
    comment_id uuid NOT NULL,
    file_id uuid,
    document_id uuid,
    file_name text NOT NULL,
    content_type text NOT NULL,
    size bigint,
    sha256 text,
    content_id text,
    kept_sha256 text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, provider_id, email_id, attachment_id),
    FOREIGN KEY (tenant, provider_id, email_id)
        REFERENCES email_processed_messages (tenant, provider_id, email_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, ticket_id),
    FOREIGN KEY (tenant, comment_id) REFERENCES comments (tenant, comment_id),
    FOREIGN KEY (tenant, file_id) REFERENCES file_stores (tenant, file_id),
    FOREIGN KEY (tenant, document_id) REFERENCES documents (tenant, document_id),
    FOREIGN KEY (tenant, kept_sha256) REFERENCES objects (tenant, sha256),
    CHECK (status <> 'stored' OR (file_id IS NOT NULL AND document_id IS NOT NULL AND sha256 IS NOT NULL)),
    CHECK (status NOT IN ('skipped', 'failed', 'dead') OR reason IS NOT NULL)
);
CREATE INDEX email_processed_attachments_due ON email_processed_attachments (tenant, provider_id, created_at)
    INCLUDE (next_attempt_at, claimed_until) WHERE status IN ('pending', 'processing', 'failed');
CREATE INDEX email_processed_attachments_dead ON email_processed_attachments (tenant, provider_id)
    WHERE status = 'dead';
CREATE INDEX email_processed_attachments_newest
    ON email_processed_attachments (tenant, created_at, provider_id, email_id, attachment_id);
CREATE INDEX email_processed_attachments_ticket ON email_processed_attachments (tenant, ticket_id);
CREATE INDEX email_processed_attachments_comment ON email_processed_attachments (tenant, comment_id, sha256);
CREATE INDEX email_processed_attachments_document ON email_processed_attachments (tenant, document_id)
    WHERE document_id IS NOT NULL;
CREATE INDEX email_processed_attachments_kept ON email_processed_attachments (tenant, kept_sha256)
    WHERE kept_sha256 IS NOT NULL;
