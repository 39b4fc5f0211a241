-- Introductions, what people agreed to, and the notices that they were given. What matters to people
-- and the names of hosts are in none of these rows in clear. `answer_due` and `kept_until` are empty
-- where nothing is waited for or kept.
CREATE TABLE view_introductions (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    person text GENERATED ALWAYS AS (body::json ->> 'person') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    holder text GENERATED ALWAYS AS (body::json ->> 'holder') STORED,
    asset text GENERATED ALWAYS AS (body::json ->> 'to') STORED,
    answer_due text GENERATED ALWAYS AS (body::json ->> 'answer_due') STORED,
    kept_until text GENERATED ALWAYS AS (body::json ->> 'kept_until') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
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
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    person text GENERATED ALWAYS AS (body::json ->> 'person') STORED,
    purpose text GENERATED ALWAYS AS (body::json ->> 'purpose') STORED,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_consents_now ON view_consents (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_person ON view_consents (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_purpose ON view_consents (organisation, generation, purpose, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_state ON view_consents (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_created_at ON view_consents (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_consents_since ON view_consents (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_notices (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    purpose text GENERATED ALWAYS AS (body::json ->> 'purpose') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_notices_now ON view_notices (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_notices_purpose ON view_notices (organisation, generation, purpose, id) WHERE until = 9223372036854775807;
CREATE INDEX view_notices_created_at ON view_notices (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_notices_since ON view_notices (organisation, generation, since, id) WHERE until = 9223372036854775807;
