-- What tickets are found by: the words of subject and number, of those who wrote, and of the names of files. Ordered
-- bytewise, so that the beginning of a word is a range of the index. `source` keeps writers of different texts apart.
CREATE TABLE ticket_words (
    tenant uuid NOT NULL,
    ticket_id uuid NOT NULL,
    source text NOT NULL CHECK (source IN ('subject', 'sender', 'file')),
    word text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, ticket_id, word, source),
    FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, ticket_id) ON DELETE CASCADE
);
CREATE INDEX ticket_words_word ON ticket_words (tenant, word, ticket_id);

-- How far a person has read a ticket: up to the change that the page showed.
CREATE TABLE ticket_readings (
    tenant uuid NOT NULL,
    user_id uuid NOT NULL,
    ticket_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, user_id, ticket_id),
    FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, user_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant, ticket_id) REFERENCES tickets (tenant, ticket_id) ON DELETE CASCADE
);
CREATE INDEX ticket_readings_ticket ON ticket_readings (tenant, ticket_id);
