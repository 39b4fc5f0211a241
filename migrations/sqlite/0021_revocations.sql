-- What takes a grant away waits for those who were named as present. The column is empty where
-- nothing waits, so that its index holds only the few rows that do.
ALTER TABLE view_grants ADD COLUMN revocation_waits TEXT GENERATED ALWAYS AS (CASE WHEN json_array_length(body, '$.revocation.unconfirmed') > 0 THEN 'waiting' END) VIRTUAL;
CREATE INDEX view_grants_revocation_waits ON view_grants (organisation, generation, revocation_waits, id) WHERE until = 9223372036854775807 AND revocation_waits IS NOT NULL;
