-- What pages and mails need: sessions, links to sign in with, the mails that are due, and looking for applications and
-- groups. None of it is the truth of anything: the log is.
CREATE TABLE sessions (
    organisation TEXT NOT NULL,
    -- A keyed digest of the key that the browser holds.
    digest TEXT NOT NULL,
    person TEXT NOT NULL,
    -- 0 until the person has shown that the address is theirs.
    proven INTEGER NOT NULL,
    device TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organisation, digest)
) STRICT;
CREATE INDEX sessions_of ON sessions (organisation, person);
CREATE INDEX sessions_expire ON sessions (organisation, expires_at);

-- A link and its code follow from the id and a key outside the database.
CREATE TABLE sign_in_links (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    person TEXT NOT NULL,
    -- The group that the person joins by it, and who brings them in.
    joins TEXT NOT NULL,
    brought_by TEXT NOT NULL,
    wrong_codes INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (organisation, id)
) STRICT;
CREATE INDEX sign_in_links_of ON sign_in_links (organisation, person, expires_at);

-- Mails, each under an id that follows from what it is about. No address and no words of anybody stand here.
CREATE TABLE mails (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    person TEXT NOT NULL,
    -- What it is about: an event's position, or the id of a link.
    about TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'claimed', 'sent', 'dropped', 'failed')),
    tries INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    -- When it is tried next; while it is claimed, when the claim runs out.
    due_at INTEGER NOT NULL,
    sent_at INTEGER,
    -- Why it was not sent, without an address.
    error TEXT,
    PRIMARY KEY (organisation, id)
) STRICT;
CREATE INDEX mails_due ON mails (organisation, state, due_at);
CREATE INDEX mails_made ON mails (organisation, made_at);

-- How far each follower that does something outside has read the log.
CREATE TABLE followers (
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    next_position INTEGER NOT NULL,
    PRIMARY KEY (organisation, name)
) STRICT;

ALTER TABLE view_applications ADD COLUMN reference TEXT GENERATED ALWAYS AS (body ->> 'reference') VIRTUAL;
CREATE INDEX view_applications_reference ON view_applications (organisation, generation, until, reference);
ALTER TABLE view_groups ADD COLUMN name TEXT GENERATED ALWAYS AS (body ->> 'name') VIRTUAL;
