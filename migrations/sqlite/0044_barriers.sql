-- Barriers, and the pledges of each person who took one. The words of whoever raised a barrier are in
-- none of these rows in clear. `kept_until` is empty where nothing is to be forgotten, `remind_on`
-- where nobody is to be reminded.
CREATE TABLE view_barriers (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') VIRTUAL,
    theme TEXT GENERATED ALWAYS AS (body ->> 'theme') VIRTUAL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    gathering TEXT GENERATED ALWAYS AS (body ->> 'gathering') VIRTUAL,
    raised_by TEXT GENERATED ALWAYS AS (body ->> 'raised_by') VIRTUAL,
    passed_on TEXT GENERATED ALWAYS AS (body ->> 'passed_on') VIRTUAL,
    due_on TEXT GENERATED ALWAYS AS (body ->> 'due_on') VIRTUAL,
    kept_until TEXT GENERATED ALWAYS AS (body ->> 'kept_until') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_barriers_now ON view_barriers (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_state ON view_barriers (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_passed_on ON view_barriers (organisation, generation, passed_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_due_on ON view_barriers (organisation, generation, due_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_kept_until ON view_barriers (organisation, generation, kept_until, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_created_at ON view_barriers (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_since ON view_barriers (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_pledges (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    remind_on TEXT GENERATED ALWAYS AS (body ->> 'remind_on') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_pledges_now ON view_pledges (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_pledges_remind_on ON view_pledges (organisation, generation, remind_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_pledges_created_at ON view_pledges (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_pledges_since ON view_pledges (organisation, generation, since, id) WHERE until = 9223372036854775807;
