-- Whether a group has a grant that has not ended: the list of groups shows these apart. The column is
-- empty for the others, so that its index holds only the groups with a grant.
ALTER TABLE view_groups ADD COLUMN current_grant text GENERATED ALWAYS AS (CASE WHEN json_array_length(body::json -> 'open_grants') > 0 THEN 'yes' END) STORED;
CREATE INDEX view_groups_current_grant ON view_groups (organisation, generation, current_grant, name_key, id) WHERE until = 9223372036854775807 AND current_grant IS NOT NULL;
