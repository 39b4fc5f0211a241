-- The theme of what a posting counts; empty if it has none. The postings are made again at the next
-- start, because the version of their projection is raised.
ALTER TABLE postings ADD COLUMN theme TEXT NOT NULL DEFAULT '';

-- By which applications and grants are filtered.
ALTER TABLE view_applications ADD COLUMN activity TEXT GENERATED ALWAYS AS (body ->> 'activity') VIRTUAL;
ALTER TABLE view_grants ADD COLUMN theme TEXT GENERATED ALWAYS AS (body ->> 'theme') VIRTUAL;
