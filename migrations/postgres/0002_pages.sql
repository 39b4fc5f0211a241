-- What pages and mails need: sessions, links to sign in with, the mails that are due, and looking for applications and
-- groups. None of it is the truth of anything: the log is.
CREATE TABLE sessions (
    organisation text NOT NULL,
    -- A keyed digest of the key that the browser holds.
    digest text NOT NULL,
    person text NOT NULL,
    -- 0 until the person has shown that the address is theirs.
    proven bigint NOT NULL,
    device text NOT NULL,
    started_at bigint NOT NULL,
    seen_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (organisation, digest)
);
CREATE INDEX sessions_of ON sessions (organisation, person);
CREATE INDEX sessions_expire ON sessions (organisation, expires_at);

-- A link and its code follow from the id and a key outside the database.
CREATE TABLE sign_in_links (
    organisation text NOT NULL,
    id text NOT NULL,
    person text NOT NULL,
    -- The group that the person joins by it, and who brings them in.
    joins text NOT NULL,
    brought_by text NOT NULL,
    wrong_codes bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint,
    PRIMARY KEY (organisation, id)
);
CREATE INDEX sign_in_links_of ON sign_in_links (organisation, person, expires_at);

-- Mails, each under an id that follows from what it is about. No address and no words of anybody stand here.
CREATE TABLE mails (
    organisation text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    person text NOT NULL,
    -- What it is about: an event's position, or the id of a link.
    about text NOT NULL,
    state text NOT NULL CHECK (state IN ('due', 'claimed', 'sent', 'dropped', 'failed')),
    tries bigint NOT NULL,
    made_at bigint NOT NULL,
    -- When it is tried next; while it is claimed, when the claim runs out.
    due_at bigint NOT NULL,
    sent_at bigint,
    -- Why it was not sent, without an address.
    error text,
    PRIMARY KEY (organisation, id)
);
CREATE INDEX mails_due ON mails (organisation, state, due_at);
CREATE INDEX mails_made ON mails (organisation, made_at);

-- How far each follower that does something outside has read the log.
CREATE TABLE followers (
    organisation text NOT NULL,
    name text NOT NULL,
    next_position bigint NOT NULL,
    PRIMARY KEY (organisation, name)
);

ALTER TABLE view_applications ADD COLUMN reference text GENERATED ALWAYS AS (body::json ->> 'reference') STORED;
CREATE INDEX view_applications_reference ON view_applications (organisation, generation, until, reference);
ALTER TABLE view_groups ADD COLUMN name text GENERATED ALWAYS AS (body::json ->> 'name') STORED;
