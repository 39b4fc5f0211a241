-- By which gatherings are found and filtered.
ALTER TABLE view_gatherings ADD COLUMN name TEXT GENERATED ALWAYS AS (body ->> 'title') VIRTUAL;
ALTER TABLE view_gatherings ADD COLUMN themes TEXT GENERATED ALWAYS AS (body ->> 'themes') VIRTUAL;
