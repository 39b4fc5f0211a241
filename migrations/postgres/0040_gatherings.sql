-- Gatherings, their sessions, and who signed up for them. What people need at a session, and why a
-- lead asks for a hand, are in none of these rows in clear. `kept_until` is empty where nothing is to
-- be forgotten.
CREATE TABLE view_gatherings (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    kind text GENERATED ALWAYS AS (body::json ->> 'kind') STORED,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    fund text GENERATED ALWAYS AS (body::json ->> 'fund') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_gatherings_now ON view_gatherings (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_state ON view_gatherings (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_group_id ON view_gatherings (organisation, generation, group_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_created_at ON view_gatherings (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_since ON view_gatherings (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_sessions (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    gathering text GENERATED ALWAYS AS (body::json ->> 'gathering') STORED,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    day text GENERATED ALWAYS AS (body::json ->> 'day') STORED,
    kept_until text GENERATED ALWAYS AS (body::json ->> 'kept_until') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_sessions_now ON view_sessions (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_gathering ON view_sessions (organisation, generation, gathering, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_state ON view_sessions (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_day ON view_sessions (organisation, generation, day, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_kept_until ON view_sessions (organisation, generation, kept_until, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_created_at ON view_sessions (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_since ON view_sessions (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_sign_ups (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    gathering text GENERATED ALWAYS AS (body::json ->> 'gathering') STORED,
    session_id text GENERATED ALWAYS AS (body::json ->> 'session_id') STORED,
    person text GENERATED ALWAYS AS (body::json ->> 'person') STORED,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_sign_ups_now ON view_sign_ups (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_gathering ON view_sign_ups (organisation, generation, gathering, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_session_id ON view_sign_ups (organisation, generation, session_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_person ON view_sign_ups (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_state ON view_sign_ups (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_created_at ON view_sign_ups (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_since ON view_sign_ups (organisation, generation, since, id) WHERE until = 9223372036854775807;
