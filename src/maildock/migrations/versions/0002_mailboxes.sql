-- How a mailbox is reached. `settings` is JSON that its kind alone reads; `sealed` holds what must not be read at rest.
CREATE TABLE mailbox_connections (
    tenant uuid NOT NULL,
    provider_id uuid NOT NULL,
    settings text NOT NULL,
    sealed bytea NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, provider_id),
    FOREIGN KEY (tenant, provider_id) REFERENCES email_providers (tenant, provider_id) ON DELETE CASCADE
);

-- How far a mailbox has been read; NULL is the very beginning.
CREATE TABLE mailbox_cursors (
    tenant uuid NOT NULL,
    provider_id uuid NOT NULL,
    cursor text,
    PRIMARY KEY (tenant, provider_id),
    FOREIGN KEY (tenant, provider_id) REFERENCES email_providers (tenant, provider_id) ON DELETE CASCADE
);

-- What tells us of new mail. A row is there before the vendor is asked: a notification can come before the answer.
CREATE TABLE push_subscriptions (
    tenant uuid NOT NULL,
    provider_id uuid NOT NULL,
    client_state text NOT NULL,
    subscription_id text,
    address text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    renewed_at timestamptz,
    expires_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant, provider_id, client_state),
    FOREIGN KEY (tenant, provider_id) REFERENCES email_providers (tenant, provider_id) ON DELETE CASCADE
);
