-- The log: one dense position per organisation, given under the lock of its head row.
CREATE TABLE log_head (
    organisation text PRIMARY KEY,
    next_position bigint NOT NULL CHECK (next_position >= 0),
    last_at bigint NOT NULL
);

-- The first seven columns are those of postgres-es, so that its repository can read this table.
CREATE TABLE events (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    organisation text NOT NULL,
    position bigint NOT NULL CHECK (position >= 0),
    recorded_at bigint NOT NULL,
    command_id text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence, organisation),
    UNIQUE (organisation, position)
);

-- A guard against accidents. Correctness does not rest on it.
CREATE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed or removed';
END $$;
CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_stay();
CREATE TRIGGER events_stay_all BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION events_stay();

-- What each command was answered, so that a repeat gets the same answer.
CREATE TABLE commands (
    organisation text NOT NULL,
    command_id text NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (organisation, command_id)
);

-- The key of each person and group, wrapped by the key-encryption key; none once it was destroyed.
CREATE TABLE subject_keys (
    organisation text NOT NULL,
    subject text NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea,
    PRIMARY KEY (organisation, subject)
);

-- Nonce and ciphertext of each personal value, by their digest.
CREATE TABLE sealed_values (
    organisation text NOT NULL,
    digest text NOT NULL,
    subject text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (organisation, digest)
);
CREATE INDEX sealed_values_of ON sealed_values (organisation, subject);

-- Keyed digests by which a personal value is found without being opened.
CREATE TABLE blind_index (
    organisation text NOT NULL,
    kind text NOT NULL,
    digest text NOT NULL,
    subject text NOT NULL,
    PRIMARY KEY (organisation, kind, digest, subject)
);
CREATE INDEX blind_index_of ON blind_index (organisation, subject, kind);

-- Which keys this database was used with. The keys themselves lie outside.
CREATE TABLE known_keys (
    purpose text NOT NULL,
    key_id text NOT NULL,
    -- 1 for the first key of its purpose: two processes that start at once cannot both bring one.
    first bigint,
    PRIMARY KEY (purpose, key_id),
    UNIQUE (purpose, first)
);

-- How far each projection has read, by generation.
CREATE TABLE projections (
    organisation text NOT NULL,
    name text NOT NULL,
    generation bigint NOT NULL,
    next_position bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'live', 'retired')),
    -- Why it stopped, if it did; its rows stand as at its position.
    error text,
    PRIMARY KEY (organisation, name, generation)
);

-- Money and outcomes, for adding up: as at any day or position, or by when things happened.
CREATE TABLE postings (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    position bigint NOT NULL,
    ordinal bigint NOT NULL,
    figure text NOT NULL,
    amount bigint NOT NULL,
    fund text NOT NULL,
    round text NOT NULL,
    area text NOT NULL,
    funder text NOT NULL,
    restricted text NOT NULL,
    grant_id text NOT NULL,
    sign text NOT NULL,
    recorded_on text NOT NULL,
    effective_on text NOT NULL,
    PRIMARY KEY (organisation, generation, position, ordinal)
);
CREATE INDEX postings_of_fund ON postings (organisation, generation, fund, position);

-- Views. A row is its JSON; each version of it stands from one position until another, so that any past state can
-- be asked for as cheaply as the present one. What people filter by stands in columns of its own.
CREATE TABLE view_organisations (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_organisations_now ON view_organisations (organisation, generation, until, id);

CREATE TABLE view_people (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_people_now ON view_people (organisation, generation, until, id);

CREATE TABLE view_funds (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_funds_now ON view_funds (organisation, generation, until, id);
CREATE INDEX view_funds_state ON view_funds (organisation, generation, until, state, id);

CREATE TABLE view_groups (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_groups_now ON view_groups (organisation, generation, until, id);

CREATE TABLE view_applications (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    fund text GENERATED ALWAYS AS (body::json ->> 'fund') STORED,
    round text GENERATED ALWAYS AS (body::json ->> 'round') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    requested_pence bigint GENERATED ALWAYS AS (replace(body::json ->> 'requested', '.', '')::bigint) STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_applications_now ON view_applications (organisation, generation, until, id);
CREATE INDEX view_applications_state ON view_applications (organisation, generation, until, state, id);
CREATE INDEX view_applications_group_id ON view_applications (organisation, generation, until, group_id, id);

CREATE TABLE view_answers (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    application text GENERATED ALWAYS AS (body::json ->> 'application') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_answers_now ON view_answers (organisation, generation, until, id);
CREATE INDEX view_answers_application ON view_answers (organisation, generation, until, application, id);

CREATE TABLE view_grants (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    fund text GENERATED ALWAYS AS (body::json ->> 'fund') STORED,
    round text GENERATED ALWAYS AS (body::json ->> 'round') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    expires_on text GENERATED ALWAYS AS (body::json ->> 'expires_on') STORED,
    award_pence bigint GENERATED ALWAYS AS (replace(body::json ->> 'award', '.', '')::bigint) STORED,
    paid_pence bigint GENERATED ALWAYS AS (replace(body::json ->> 'paid', '.', '')::bigint) STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_grants_now ON view_grants (organisation, generation, until, id);
CREATE INDEX view_grants_state ON view_grants (organisation, generation, until, state, id);
CREATE INDEX view_grants_group_id ON view_grants (organisation, generation, until, group_id, id);

CREATE TABLE view_payments (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    grant_id text GENERATED ALWAYS AS (body::json ->> 'grant') STORED,
    amount_pence bigint GENERATED ALWAYS AS (replace(body::json ->> 'amount', '.', '')::bigint) STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_payments_now ON view_payments (organisation, generation, until, id);
CREATE INDEX view_payments_state ON view_payments (organisation, generation, until, state, id);
CREATE INDEX view_payments_grant_id ON view_payments (organisation, generation, until, grant_id, id);

CREATE TABLE view_updates (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    grant_id text GENERATED ALWAYS AS (body::json ->> 'grant') STORED,
    due_on text GENERATED ALWAYS AS (body::json ->> 'due_on') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_updates_now ON view_updates (organisation, generation, until, id);
CREATE INDEX view_updates_state ON view_updates (organisation, generation, until, state, id);
CREATE INDEX view_updates_grant_id ON view_updates (organisation, generation, until, grant_id, id);

CREATE TABLE view_places (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_places_now ON view_places (organisation, generation, until, id);

CREATE TABLE view_days (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_days_now ON view_days (organisation, generation, until, id);

CREATE TABLE view_corrections (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_corrections_now ON view_corrections (organisation, generation, until, id);
