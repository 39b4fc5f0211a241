-- Entries of the directory, what everyone may read of them, the ties between them, and the time
-- that was given. What people wrote about an entry is in none of these rows in clear.
CREATE TABLE view_assets (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    way text GENERATED ALWAYS AS (body::json ->> 'way') STORED,
    kind text GENERATED ALWAYS AS (body::json ->> 'kind') STORED,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    themes text GENERATED ALWAYS AS (body::json ->> 'themes') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    person text GENERATED ALWAYS AS (body::json ->> 'person') STORED,
    keeper text GENERATED ALWAYS AS (body::json ->> 'keeper') STORED,
    name text GENERATED ALWAYS AS (body::json ->> 'name') STORED,
    stale_on text GENERATED ALWAYS AS (body::json ->> 'stale_on') STORED,
    words_on text GENERATED ALWAYS AS (body::json ->> 'words_on') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_assets_now ON view_assets (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_state ON view_assets (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_group_id ON view_assets (organisation, generation, group_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_person ON view_assets (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_keeper ON view_assets (organisation, generation, keeper, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_stale_on ON view_assets (organisation, generation, stale_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_words_on ON view_assets (organisation, generation, words_on, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_created_at ON view_assets (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_assets_since ON view_assets (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_listed (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    way text GENERATED ALWAYS AS (body::json ->> 'way') STORED,
    kind text GENERATED ALWAYS AS (body::json ->> 'kind') STORED,
    area text GENERATED ALWAYS AS (body::json ->> 'area') STORED,
    themes text GENERATED ALWAYS AS (body::json ->> 'themes') STORED,
    group_id text GENERATED ALWAYS AS (body::json ->> 'group') STORED,
    name text GENERATED ALWAYS AS (body::json ->> 'name') STORED,
    stale_on text GENERATED ALWAYS AS (body::json ->> 'stale_on') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_listed_now ON view_listed (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_listed_state ON view_listed (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_listed_created_at ON view_listed (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_listed_since ON view_listed (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_ties (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    asset text GENERATED ALWAYS AS (body::json ->> 'asset') STORED,
    other text GENERATED ALWAYS AS (body::json ->> 'other') STORED,
    state text GENERATED ALWAYS AS (body::json ->> 'state') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_ties_now ON view_ties (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_asset ON view_ties (organisation, generation, asset, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_other ON view_ties (organisation, generation, other, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_created_at ON view_ties (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_since ON view_ties (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_exchanges (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    asset text GENERATED ALWAYS AS (body::json ->> 'asset') STORED,
    giver_id text GENERATED ALWAYS AS (body::json ->> 'giver_id') STORED,
    receiver_id text GENERATED ALWAYS AS (body::json ->> 'receiver_id') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_exchanges_now ON view_exchanges (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_asset ON view_exchanges (organisation, generation, asset, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_giver_id ON view_exchanges (organisation, generation, giver_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_receiver_id ON view_exchanges (organisation, generation, receiver_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_created_at ON view_exchanges (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_since ON view_exchanges (organisation, generation, since, id) WHERE until = 9223372036854775807;
