-- Entries of the directory, what everyone may read of them, the ties between them, and the time
-- that was given. What people wrote about an entry is in none of these rows in clear.
CREATE TABLE view_assets (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    way TEXT GENERATED ALWAYS AS (body ->> 'way') VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (body ->> 'kind') VIRTUAL,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') VIRTUAL,
    themes TEXT GENERATED ALWAYS AS (body ->> 'themes') VIRTUAL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    person TEXT GENERATED ALWAYS AS (body ->> 'person') VIRTUAL,
    keeper TEXT GENERATED ALWAYS AS (body ->> 'keeper') VIRTUAL,
    name TEXT GENERATED ALWAYS AS (body ->> 'name') VIRTUAL,
    stale_on TEXT GENERATED ALWAYS AS (body ->> 'stale_on') VIRTUAL,
    words_on TEXT GENERATED ALWAYS AS (body ->> 'words_on') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
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
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    way TEXT GENERATED ALWAYS AS (body ->> 'way') VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (body ->> 'kind') VIRTUAL,
    area TEXT GENERATED ALWAYS AS (body ->> 'area') VIRTUAL,
    themes TEXT GENERATED ALWAYS AS (body ->> 'themes') VIRTUAL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    name TEXT GENERATED ALWAYS AS (body ->> 'name') VIRTUAL,
    stale_on TEXT GENERATED ALWAYS AS (body ->> 'stale_on') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_listed_now ON view_listed (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_listed_state ON view_listed (organisation, generation, state, id) WHERE until = 9223372036854775807;
CREATE INDEX view_listed_created_at ON view_listed (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_listed_since ON view_listed (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_ties (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    asset TEXT GENERATED ALWAYS AS (body ->> 'asset') VIRTUAL,
    other TEXT GENERATED ALWAYS AS (body ->> 'other') VIRTUAL,
    state TEXT GENERATED ALWAYS AS (body ->> 'state') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_ties_now ON view_ties (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_asset ON view_ties (organisation, generation, asset, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_other ON view_ties (organisation, generation, other, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_created_at ON view_ties (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_ties_since ON view_ties (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_exchanges (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    asset TEXT GENERATED ALWAYS AS (body ->> 'asset') VIRTUAL,
    giver_id TEXT GENERATED ALWAYS AS (body ->> 'giver_id') VIRTUAL,
    receiver_id TEXT GENERATED ALWAYS AS (body ->> 'receiver_id') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_exchanges_now ON view_exchanges (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_asset ON view_exchanges (organisation, generation, asset, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_giver_id ON view_exchanges (organisation, generation, giver_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_receiver_id ON view_exchanges (organisation, generation, receiver_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_created_at ON view_exchanges (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_exchanges_since ON view_exchanges (organisation, generation, since, id) WHERE until = 9223372036854775807;
