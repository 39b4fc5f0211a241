-- Grants that groups had before grew without bound inside the rows of groups: a row of its own for
-- each. They are looked up by their group, the newest first.
CREATE TABLE view_past_grants (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_past_grants_now ON view_past_grants (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_past_grants_group_id ON view_past_grants (organisation, generation, group_id, since) WHERE until = 9223372036854775807;
