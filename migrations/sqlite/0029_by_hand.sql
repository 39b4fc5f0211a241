-- A mail to somebody without an email address waits until they are phoned or written to ('by_hand'), and is then 'told'.
CREATE TABLE mails_new (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    -- What it is about: an event's position, or the id of a link.
    about TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'claimed', 'sent', 'dropped', 'failed', 'by_hand', 'told')),
    tries INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    -- When it is tried next; while it is claimed, when the claim runs out.
    due_at INTEGER NOT NULL,
    sent_at INTEGER,
    -- Why it was not sent, without an address.
    error TEXT,
    PRIMARY KEY (organisation, id)
) STRICT;
INSERT INTO mails_new (organisation, id, kind, person, about, state, tries, made_at, due_at, sent_at, error)
    SELECT organisation, id, kind, person, about, state, tries, made_at, due_at, sent_at, error FROM mails;
DROP TABLE mails;
ALTER TABLE mails_new RENAME TO mails;
CREATE INDEX mails_due ON mails (organisation, state, due_at);
CREATE INDEX mails_made ON mails (organisation, made_at);
