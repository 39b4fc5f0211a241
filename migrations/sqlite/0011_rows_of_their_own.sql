-- What grew without bound inside the rows of funds, groups and the organisation: a row of its own for each batch, file and
-- version of the agreement. Batches and files are looked up by whose they are, the newest first.
CREATE TABLE view_batches (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    fund TEXT GENERATED ALWAYS AS (body ->> 'fund') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_batches_now ON view_batches (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_batches_fund ON view_batches (organisation, generation, fund, since) WHERE until = 9223372036854775807;

CREATE TABLE view_files (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    group_id TEXT GENERATED ALWAYS AS (body ->> 'group') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_files_now ON view_files (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_files_group_id ON view_files (organisation, generation, group_id, since) WHERE until = 9223372036854775807;

CREATE TABLE view_agreements (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_agreements_now ON view_agreements (organisation, generation, id) WHERE until = 9223372036854775807;
