-- By which it is found what grew from a gathering.
ALTER TABLE view_gatherings ADD COLUMN grew_from text GENERATED ALWAYS AS (body::json ->> 'grew_from') STORED;
CREATE INDEX view_gatherings_grew_from ON view_gatherings (organisation, generation, grew_from, id) WHERE until = 9223372036854775807;
