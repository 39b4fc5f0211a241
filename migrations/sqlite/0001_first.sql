-- The log: one dense position per organisation, given under the lock of its head row.
CREATE TABLE log_head (
    organisation TEXT PRIMARY KEY,
    next_position INTEGER NOT NULL CHECK (next_position >= 0),
    last_at INTEGER NOT NULL
) STRICT;

-- The first seven columns are those of sqlite-es, so that its repository can read this table.
CREATE TABLE events (
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    event_type TEXT NOT NULL,
    event_version TEXT NOT NULL,
    payload TEXT NOT NULL,
    metadata TEXT NOT NULL,
    organisation TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    recorded_at INTEGER NOT NULL,
    command_id TEXT NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence, organisation),
    UNIQUE (organisation, position)
) STRICT;

-- A guard against accidents. Correctness does not rest on it.
CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed or removed');
END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed or removed');
END;

-- What each command was answered, so that a repeat gets the same answer.
CREATE TABLE commands (
    organisation TEXT NOT NULL,
    command_id TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (organisation, command_id)
) STRICT;

-- The key of each person and group, wrapped by the key-encryption key; none once it was destroyed.
CREATE TABLE subject_keys (
    organisation TEXT NOT NULL,
    subject TEXT NOT NULL,
    kek_id TEXT NOT NULL,
    wrapped BLOB,
    PRIMARY KEY (organisation, subject)
) STRICT;

-- Nonce and ciphertext of each personal value, by their digest.
CREATE TABLE sealed_values (
    organisation TEXT NOT NULL,
    digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (organisation, digest)
) STRICT;
CREATE INDEX sealed_values_of ON sealed_values (organisation, subject);

-- Keyed digests by which a personal value is found without being opened.
CREATE TABLE blind_index (
    organisation TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (organisation, kind, digest, subject)
) STRICT;
CREATE INDEX blind_index_of ON blind_index (organisation, subject, kind);

-- Which keys this database was used with. The keys themselves lie outside.
CREATE TABLE known_keys (
    purpose TEXT NOT NULL,
    key_id TEXT NOT NULL,
    -- 1 for the first key of its purpose: two processes that start at once cannot both bring one.
    first INTEGER,
    PRIMARY KEY (purpose, key_id),
    UNIQUE (purpose, first)
) STRICT;

-- How far each projection has read, by generation.
CREATE TABLE projections (
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    generation INTEGER NOT NULL,
    next_position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    -- Why it stopped, if it did; its rows stand as at its position.
    error TEXT,
    PRIMARY KEY (organisation, name, generation)
) STRICT;

-- Money and outcomes, for adding up: as at any day or position, or by when things happened.
CREATE TABLE postings (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    figure TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fund TEXT NOT NULL,
    round TEXT NOT NULL,
    area TEXT NOT NULL,
    funder TEXT NOT NULL,
    restricted TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    sign TEXT NOT NULL,
    recorded_on TEXT NOT NULL,
    effective_on TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, position, ordinal)
) STRICT;
CREATE INDEX postings_of_fund ON postings (organisation, generation, fund, position);

-- Views. A row is its JSON; each version of it stands from one position until another, so that any past state can
-- be asked for as cheaply as the present one. What people filter by stands in columns of its own.
CREATE TABLE view_organisations (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_organisations_now ON view_organisations (organisation, generation, until, id);

CREATE TABLE view_people (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_people_now ON view_people (organisation, generation, until, id);

CREATE TABLE view_funds (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_funds_now ON view_funds (organisation, generation, until, id);
CREATE INDEX view_funds_state ON view_funds (organisation, generation, until, state, id);

CREATE TABLE view_groups (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_groups_now ON view_groups (organisation, generation, until, id);

CREATE TABLE view_applications (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') STORED,
    fund TEXT GENERATED ALWAYS AS (body ->> 'fund') STORED,
    round TEXT GENERATED ALWAYS AS (body ->> 'round') STORED,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') STORED,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') STORED,
    requested_pence INTEGER GENERATED ALWAYS AS (CAST(replace(body ->> 'requested', '.', '') AS INTEGER)) STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_applications_now ON view_applications (organisation, generation, until, id);
CREATE INDEX view_applications_state ON view_applications (organisation, generation, until, state, id);
CREATE INDEX view_applications_group_id ON view_applications (organisation, generation, until, group_id, id);

CREATE TABLE view_answers (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    application TEXT GENERATED ALWAYS AS (body ->> 'application') STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_answers_now ON view_answers (organisation, generation, until, id);
CREATE INDEX view_answers_application ON view_answers (organisation, generation, until, application, id);

CREATE TABLE view_grants (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') STORED,
    fund TEXT GENERATED ALWAYS AS (body ->> 'fund') STORED,
    round TEXT GENERATED ALWAYS AS (body ->> 'round') STORED,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') STORED,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') STORED,
    expires_on TEXT GENERATED ALWAYS AS (body ->> 'expires_on') STORED,
    award_pence INTEGER GENERATED ALWAYS AS (CAST(replace(body ->> 'award', '.', '') AS INTEGER)) STORED,
    paid_pence INTEGER GENERATED ALWAYS AS (CAST(replace(body ->> 'paid', '.', '') AS INTEGER)) STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_grants_now ON view_grants (organisation, generation, until, id);
CREATE INDEX view_grants_state ON view_grants (organisation, generation, until, state, id);
CREATE INDEX view_grants_group_id ON view_grants (organisation, generation, until, group_id, id);

CREATE TABLE view_payments (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') STORED,
    grant_id TEXT GENERATED ALWAYS AS (body ->> 'grant') STORED,
    amount_pence INTEGER GENERATED ALWAYS AS (CAST(replace(body ->> 'amount', '.', '') AS INTEGER)) STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_payments_now ON view_payments (organisation, generation, until, id);
CREATE INDEX view_payments_state ON view_payments (organisation, generation, until, state, id);
CREATE INDEX view_payments_grant_id ON view_payments (organisation, generation, until, grant_id, id);

CREATE TABLE view_updates (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') STORED,
    grant_id TEXT GENERATED ALWAYS AS (body ->> 'grant') STORED,
    due_on TEXT GENERATED ALWAYS AS (body ->> 'due_on') STORED,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_updates_now ON view_updates (organisation, generation, until, id);
CREATE INDEX view_updates_state ON view_updates (organisation, generation, until, state, id);
CREATE INDEX view_updates_grant_id ON view_updates (organisation, generation, until, grant_id, id);

CREATE TABLE view_places (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_places_now ON view_places (organisation, generation, until, id);

CREATE TABLE view_days (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_days_now ON view_days (organisation, generation, until, id);

CREATE TABLE view_corrections (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_corrections_now ON view_corrections (organisation, generation, until, id);
