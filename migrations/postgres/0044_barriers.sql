-- Barriers, and the pledges of each person who took one. The words of whoever raised a barrier are in
-- none of these rows in clear. `kept_until` is empty where nothing is to be forgotten, `remind_on`
-- where nobody is to be reminded.
CREATE TABLE view_barriers (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    theme text GENERATED ALWAYS AS (body::json ->> 'theme') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    gathering text GENERATED ALWAYS AS (body::json ->> 'gathering') STORED,
    raised_by text GENERATED ALWAYS AS (body::json ->> 'raised_by') STORED,
    passed_on text GENERATED ALWAYS AS (body::json ->> 'passed_on') STORED,
    due_on text GENERATED ALWAYS AS (body::json ->> 'due_on') STORED,
    kept_until text GENERATED ALWAYS AS (body::json ->> 'kept_until') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_barriers_now ON view_barriers (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_state ON view_barriers (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_passed_on ON view_barriers (organisation, generation, passed_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_due_on ON view_barriers (organisation, generation, due_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_kept_until ON view_barriers (organisation, generation, kept_until, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_created_at ON view_barriers (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_since ON view_barriers (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_pledges (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    remind_on text GENERATED ALWAYS AS (body::json ->> 'remind_on') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_pledges_now ON view_pledges (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_pledges_remind_on ON view_pledges (organisation, generation, remind_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_pledges_created_at ON view_pledges (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_pledges_since ON view_pledges (organisation, generation, since, id) WHERE until = 9223372036854775807;
