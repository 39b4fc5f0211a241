-- What lists are put in order and looked through by: when a record came to be and when it last changed, a group by its
-- name and its numbers, people by their roles, and what is of a fund. What last changed is in the order of `since`.

ALTER TABLE view_funds ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;

ALTER TABLE view_people ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;
CREATE INDEX view_people_created_at ON view_people (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_people_since ON view_people (organisation, generation, since, id) WHERE until = 9223372036854775807;

ALTER TABLE view_groups ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;
CREATE INDEX view_groups_created_at ON view_groups (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_groups_since ON view_groups (organisation, generation, since, id) WHERE until = 9223372036854775807;

ALTER TABLE view_applications ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;
CREATE INDEX view_applications_created_at ON view_applications (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_applications_since ON view_applications (organisation, generation, since, id) WHERE until = 9223372036854775807;

ALTER TABLE view_grants ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;
CREATE INDEX view_grants_created_at ON view_grants (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_grants_since ON view_grants (organisation, generation, since, id) WHERE until = 9223372036854775807;

ALTER TABLE view_payments ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;
CREATE INDEX view_payments_created_at ON view_payments (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_payments_since ON view_payments (organisation, generation, since, id) WHERE until = 9223372036854775807;

ALTER TABLE view_updates ADD COLUMN created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL;
CREATE INDEX view_updates_created_at ON view_updates (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_updates_since ON view_updates (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE INDEX view_applications_fund ON view_applications (organisation, generation, fund, id) WHERE until = 9223372036854775807;

CREATE INDEX view_grants_fund ON view_grants (organisation, generation, fund, id) WHERE until = 9223372036854775807;

-- Names are compared byte by byte, so that those that begin alike lie together.
ALTER TABLE view_groups ADD COLUMN name_key TEXT GENERATED ALWAYS AS (body ->> 'name_key') VIRTUAL;
CREATE INDEX view_groups_name_key ON view_groups (organisation, generation, name_key, id) WHERE until = 9223372036854775807;

-- Empty where somebody has no role, so that its index holds only those who have one.
ALTER TABLE view_people ADD COLUMN roles TEXT GENERATED ALWAYS AS (nullif(body ->> 'roles', '[]')) VIRTUAL;

CREATE TABLE view_identifiers (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_identifiers_now ON view_identifiers (organisation, generation, id) WHERE until = 9223372036854775807;
