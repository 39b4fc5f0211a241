-- Grants that groups had before grew without bound inside the rows of groups: a row of its own for
-- each. They are looked up by their group, the newest first.
CREATE TABLE view_past_grants (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_past_grants_now ON view_past_grants (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_past_grants_group_id ON view_past_grants (organisation, generation, group_id, since) WHERE until = 9223372036854775807;
