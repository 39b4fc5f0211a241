-- Who looked at what is held on somebody, and who took everybody's addresses: ids and days only.
-- Events cannot say it, because reading changes nothing.
CREATE TABLE accesses (
    organisation text NOT NULL,
    -- The day, the reader, what it was and whom it was about: a second look on the same day is the same row.
    id text NOT NULL,
    day text NOT NULL,
    person text NOT NULL,
    -- Whom it was about; empty where it was everybody.
    subject text NOT NULL,
    what text NOT NULL CHECK (what IN ('held', 'addresses')),
    times bigint NOT NULL,
    last_at bigint NOT NULL,
    PRIMARY KEY (organisation, id)
);
CREATE INDEX accesses_of ON accesses (organisation, subject, id);
CREATE INDEX accesses_by ON accesses (organisation, person, id);
