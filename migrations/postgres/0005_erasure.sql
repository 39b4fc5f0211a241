-- What staff look for when they erase: who asked, and since when nothing keeps a group's records.
ALTER TABLE view_people ADD COLUMN erasure text GENERATED ALWAYS AS (body::json ->> 'erasure') STORED;
CREATE INDEX view_people_erasure ON view_people (organisation, generation, until, erasure, id);
ALTER TABLE view_groups ADD COLUMN erasure text GENERATED ALWAYS AS (body::json ->> 'erasure') STORED;
ALTER TABLE view_groups ADD COLUMN kept_from text GENERATED ALWAYS AS (body::json ->> 'kept_from') STORED;
CREATE INDEX view_groups_erasure ON view_groups (organisation, generation, until, erasure, id);
