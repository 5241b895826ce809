-- Whom an issuer's logins open: bound at the first sign-in, so that a changed address opens nobody else's account.
CREATE TABLE user_identities (
    tenant uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, issuer, subject),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id) ON DELETE CASCADE
);

-- One login of an issuer for each person.
CREATE UNIQUE INDEX user_identities_user ON user_identities (tenant, user_id, issuer);
