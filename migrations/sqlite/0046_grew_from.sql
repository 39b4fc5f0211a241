-- By which it is found what grew from a gathering.
ALTER TABLE view_gatherings ADD COLUMN grew_from TEXT GENERATED ALWAYS AS (body ->> 'grew_from') VIRTUAL;
CREATE INDEX view_gatherings_grew_from ON view_gatherings (organisation, generation, grew_from, id) WHERE until = 9223372036854775807;
