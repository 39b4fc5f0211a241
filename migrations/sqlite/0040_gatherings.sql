-- Gatherings, their sessions, and who signed up for them. What people need at a session, and why a
-- lead asks for a hand, are in none of these rows in clear. `kept_until` is empty where nothing is to
-- be forgotten.
CREATE TABLE view_gatherings (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (body ->> 'kind') VIRTUAL,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') VIRTUAL,
    fund TEXT GENERATED ALWAYS AS (body ->> 'fund') VIRTUAL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_gatherings_now ON view_gatherings (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_state ON view_gatherings (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_group_id ON view_gatherings (organisation, generation, group_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_created_at ON view_gatherings (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_gatherings_since ON view_gatherings (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_sessions (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    gathering TEXT GENERATED ALWAYS AS (body ->> 'gathering') VIRTUAL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    day TEXT GENERATED ALWAYS AS (body ->> 'day') VIRTUAL,
    kept_until TEXT GENERATED ALWAYS AS (body ->> 'kept_until') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_sessions_now ON view_sessions (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_gathering ON view_sessions (organisation, generation, gathering, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_state ON view_sessions (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_day ON view_sessions (organisation, generation, day, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_kept_until ON view_sessions (organisation, generation, kept_until, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_created_at ON view_sessions (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sessions_since ON view_sessions (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_sign_ups (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    gathering TEXT GENERATED ALWAYS AS (body ->> 'gathering') VIRTUAL,
    session_id TEXT GENERATED ALWAYS AS (body ->> 'session_id') VIRTUAL,
    person TEXT GENERATED ALWAYS AS (body ->> 'person') VIRTUAL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_sign_ups_now ON view_sign_ups (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_gathering ON view_sign_ups (organisation, generation, gathering, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_session_id ON view_sign_ups (organisation, generation, session_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_person ON view_sign_ups (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_state ON view_sign_ups (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_created_at ON view_sign_ups (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_sign_ups_since ON view_sign_ups (organisation, generation, since, id) WHERE until = 9223372036854775807;
