-- Tokens for programs. One is refused unless its row stands here; the token itself is kept nowhere.
CREATE TABLE tokens (
    organisation text NOT NULL,
    jti text NOT NULL,
    person text NOT NULL,
    -- What its person calls it.
    name text NOT NULL,
    -- What it rests on: the roles that its person held, of those that it may use, with commas between; and how often the person's access
    -- had been ended by then.
    roles text NOT NULL,
    access bigint NOT NULL,
    -- A person's id, or operator.
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    -- About when it was last used: noted once a minute at most.
    used_at bigint,
    ended_at bigint,
    PRIMARY KEY (organisation, jti)
);
CREATE INDEX tokens_of ON tokens (organisation, person);
CREATE INDEX tokens_expire ON tokens (organisation, expires_at);

-- A session rests on the same.
ALTER TABLE sessions ADD COLUMN roles text NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN access bigint NOT NULL DEFAULT 0;
