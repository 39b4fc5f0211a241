-- The theme of what a posting counts; empty if it has none. The postings are made again at the next
-- start, because the version of their projection is raised.
ALTER TABLE postings ADD COLUMN theme text NOT NULL DEFAULT '';

-- By which applications and grants are filtered.
ALTER TABLE view_applications ADD COLUMN activity text GENERATED ALWAYS AS (body::json ->> 'activity') STORED;
ALTER TABLE view_grants ADD COLUMN theme text GENERATED ALWAYS AS (body::json ->> 'theme') STORED;
