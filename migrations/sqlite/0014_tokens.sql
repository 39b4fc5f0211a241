-- Tokens for programs. One is refused unless its row stands here; the token itself is kept nowhere.
CREATE TABLE tokens (
    organisation TEXT NOT NULL,
    jti TEXT NOT NULL,
    person TEXT NOT NULL,
    -- What its person calls it.
    name TEXT NOT NULL,
    -- What it rests on: the roles that its person held, of those that it may use, with commas between; and how often the person's access
    -- had been ended by then.
    roles TEXT NOT NULL,
    access INTEGER NOT NULL,
    -- A person's id, or operator.
    made_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    -- About when it was last used: noted once a minute at most.
    used_at INTEGER,
    ended_at INTEGER,
    PRIMARY KEY (organisation, jti)
) STRICT;
CREATE INDEX tokens_of ON tokens (organisation, person);
CREATE INDEX tokens_expire ON tokens (organisation, expires_at);

-- A session rests on the same.
ALTER TABLE sessions ADD COLUMN roles TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN access INTEGER NOT NULL DEFAULT 0;
