-- Only what stands is looked up by index; a past state is found by its id, or read through in the order of ids. A version that ends
-- then leaves its indexes and is put nowhere else. And no row can stand twice.
--
-- 9223372036854775807 is until when a version stands that nothing has replaced.

DROP INDEX view_organisations_now;
CREATE UNIQUE INDEX view_organisations_now ON view_organisations (organisation, generation, id) WHERE until = 9223372036854775807;

DROP INDEX view_people_now;
CREATE UNIQUE INDEX view_people_now ON view_people (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_people_erasure;
CREATE INDEX view_people_erasure ON view_people (organisation, generation, erasure, id) WHERE until = 9223372036854775807;

DROP INDEX view_funds_now;
CREATE UNIQUE INDEX view_funds_now ON view_funds (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_funds_state;
CREATE INDEX view_funds_state ON view_funds (organisation, generation, state, id) WHERE until = 9223372036854775807;

DROP INDEX view_groups_now;
CREATE UNIQUE INDEX view_groups_now ON view_groups (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_groups_erasure;
CREATE INDEX view_groups_erasure ON view_groups (organisation, generation, erasure, id) WHERE until = 9223372036854775807;

DROP INDEX view_applications_now;
CREATE UNIQUE INDEX view_applications_now ON view_applications (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_applications_state;
CREATE INDEX view_applications_state ON view_applications (organisation, generation, state, id) WHERE until = 9223372036854775807;
DROP INDEX view_applications_group_id;
CREATE INDEX view_applications_group_id ON view_applications (organisation, generation, group_id, id) WHERE until = 9223372036854775807;
DROP INDEX view_applications_reference;
CREATE INDEX view_applications_reference ON view_applications (organisation, generation, reference, id) WHERE until = 9223372036854775807;

DROP INDEX view_answers_now;
CREATE UNIQUE INDEX view_answers_now ON view_answers (organisation, generation, id) WHERE until = 9223372036854775807;

DROP INDEX view_grants_now;
CREATE UNIQUE INDEX view_grants_now ON view_grants (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_grants_state;
CREATE INDEX view_grants_state ON view_grants (organisation, generation, state, id) WHERE until = 9223372036854775807;
DROP INDEX view_grants_group_id;
CREATE INDEX view_grants_group_id ON view_grants (organisation, generation, group_id, id) WHERE until = 9223372036854775807;

DROP INDEX view_payments_now;
CREATE UNIQUE INDEX view_payments_now ON view_payments (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_payments_state;
CREATE INDEX view_payments_state ON view_payments (organisation, generation, state, id) WHERE until = 9223372036854775807;
DROP INDEX view_payments_grant_id;
CREATE INDEX view_payments_grant_id ON view_payments (organisation, generation, grant_id, id) WHERE until = 9223372036854775807;
DROP INDEX view_payments_batch;
CREATE INDEX view_payments_batch ON view_payments (organisation, generation, batch, id) WHERE until = 9223372036854775807 AND batch IS NOT NULL;

DROP INDEX view_updates_now;
CREATE UNIQUE INDEX view_updates_now ON view_updates (organisation, generation, id) WHERE until = 9223372036854775807;
DROP INDEX view_updates_state;
CREATE INDEX view_updates_state ON view_updates (organisation, generation, state, id) WHERE until = 9223372036854775807;
DROP INDEX view_updates_grant_id;
CREATE INDEX view_updates_grant_id ON view_updates (organisation, generation, grant_id, id) WHERE until = 9223372036854775807;

DROP INDEX view_places_now;
CREATE UNIQUE INDEX view_places_now ON view_places (organisation, generation, id) WHERE until = 9223372036854775807;

DROP INDEX view_days_now;
CREATE UNIQUE INDEX view_days_now ON view_days (organisation, generation, id) WHERE until = 9223372036854775807;

DROP INDEX view_corrections_now;
CREATE UNIQUE INDEX view_corrections_now ON view_corrections (organisation, generation, id) WHERE until = 9223372036854775807;

DROP INDEX view_published_now;
ALTER TABLE view_published DROP COLUMN kind;
CREATE UNIQUE INDEX view_published_now ON view_published (organisation, generation, id) WHERE until = 9223372036854775807;

-- What is erased must not live on in what PostgreSQL notes of how values are spread. The same type again forgets what it noted.
ALTER TABLE subject_keys ALTER COLUMN wrapped TYPE bytea;
ALTER TABLE subject_keys ALTER COLUMN wrapped SET STATISTICS 0;
ALTER TABLE sealed_values ALTER COLUMN sealed TYPE bytea;
ALTER TABLE sealed_values ALTER COLUMN sealed SET STATISTICS 0;
ALTER TABLE blind_index ALTER COLUMN digest TYPE text;
ALTER TABLE blind_index ALTER COLUMN digest SET STATISTICS 0;
