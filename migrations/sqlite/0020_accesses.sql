-- Who looked at what is held on somebody, and who took everybody's addresses: ids and days only.
-- Events cannot say it, because reading changes nothing.
CREATE TABLE accesses (
    organisation TEXT NOT NULL,
    -- The day, the reader, what it was and whom it was about: a second look on the same day is the same row.
    id TEXT NOT NULL,
    day TEXT NOT NULL,
    person TEXT NOT NULL,
    -- Whom it was about; empty where it was everybody.
    subject TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('held', 'addresses')),
    times INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (organisation, id)
) STRICT;
CREATE INDEX accesses_of ON accesses (organisation, subject, id);
CREATE INDEX accesses_by ON accesses (organisation, person, id);
