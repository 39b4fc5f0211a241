-- Since when somebody is known only by what they typed into a public page. The column is empty for everybody else, so that its
-- index holds only the few whose time may have come.
ALTER TABLE view_people ADD COLUMN unproven_since text GENERATED ALWAYS AS (body::json ->> 'unproven_since') STORED;
CREATE INDEX view_people_unproven_since ON view_people (organisation, generation, unproven_since, id) WHERE until = 9223372036854775807 AND unproven_since IS NOT NULL;
