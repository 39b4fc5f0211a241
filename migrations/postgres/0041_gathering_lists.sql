-- By which gatherings are found and filtered.
ALTER TABLE view_gatherings ADD COLUMN name text GENERATED ALWAYS AS (body::json ->> 'title') STORED;
ALTER TABLE view_gatherings ADD COLUMN themes text GENERATED ALWAYS AS (body::json ->> 'themes') STORED;
