-- Introductions, what people agreed to, and the notices that they were given. What matters to people
-- and the names of hosts are in none of these rows in clear. `answer_due` and `kept_until` are empty
-- where nothing is waited for or kept.
CREATE TABLE view_introductions (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    person TEXT GENERATED ALWAYS AS (body ->> 'person') VIRTUAL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    holder TEXT GENERATED ALWAYS AS (body ->> 'holder') VIRTUAL,
    asset TEXT GENERATED ALWAYS AS (body ->> 'to') VIRTUAL,
    answer_due TEXT GENERATED ALWAYS AS (body ->> 'answer_due') VIRTUAL,
    kept_until TEXT GENERATED ALWAYS AS (body ->> 'kept_until') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_introductions_now ON view_introductions (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_state ON view_introductions (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_person ON view_introductions (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_group_id ON view_introductions (organisation, generation, group_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_holder ON view_introductions (organisation, generation, holder, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_asset ON view_introductions (organisation, generation, asset, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_answer_due ON view_introductions (organisation, generation, answer_due, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_kept_until ON view_introductions (organisation, generation, kept_until, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_created_at ON view_introductions (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_introductions_since ON view_introductions (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_consents (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    person TEXT GENERATED ALWAYS AS (body ->> 'person') VIRTUAL,
    purpose TEXT GENERATED ALWAYS AS (body ->> 'purpose') VIRTUAL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_consents_now ON view_consents (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_person ON view_consents (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_purpose ON view_consents (organisation, generation, purpose, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_state ON view_consents (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_created_at ON view_consents (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_since ON view_consents (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_notices (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    purpose TEXT GENERATED ALWAYS AS (body ->> 'purpose') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_notices_now ON view_notices (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_notices_purpose ON view_notices (organisation, generation, purpose, id) WHERE until = 9223372036854775807;
CREATE INDEX view_notices_created_at ON view_notices (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_notices_since ON view_notices (organisation, generation, since, id) WHERE until = 9223372036854775807;
