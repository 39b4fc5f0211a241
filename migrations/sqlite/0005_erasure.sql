-- What staff look for when they erase: who asked, and since when nothing keeps a group's records.
ALTER TABLE view_people ADD COLUMN erasure TEXT GENERATED ALWAYS AS (body ->> 'erasure') VIRTUAL;
CREATE INDEX view_people_erasure ON view_people (organisation, generation, until, erasure, id);
ALTER TABLE view_groups ADD COLUMN erasure TEXT GENERATED ALWAYS AS (body ->> 'erasure') VIRTUAL;
ALTER TABLE view_groups ADD COLUMN kept_from TEXT GENERATED ALWAYS AS (body ->> 'kept_from') VIRTUAL;
CREATE INDEX view_groups_erasure ON view_groups (organisation, generation, until, erasure, id);
