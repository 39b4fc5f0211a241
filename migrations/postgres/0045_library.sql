-- Lessons, the stories that were chosen at gatherings, and tallies of answers. A tally has numbers only,
-- never who chose which answer.
CREATE TABLE view_lessons (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_lessons_now ON view_lessons (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_lessons_created_at ON view_lessons (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_lessons_since ON view_lessons (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_chosen_stories (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    gathering text GENERATED ALWAYS AS (body::json ->> 'gathering') STORED,
    grant_id text GENERATED ALWAYS AS (body::json ->> 'grant') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_chosen_stories_now ON view_chosen_stories (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_gathering ON view_chosen_stories (organisation, generation, gathering, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_grant_id ON view_chosen_stories (organisation, generation, grant_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_created_at ON view_chosen_stories (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_since ON view_chosen_stories (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_tallies (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    of_id text GENERATED ALWAYS AS (body::json ->> 'of') STORED,
    question text GENERATED ALWAYS AS (body::json ->> 'question') STORED,
    created_at text GENERATED ALWAYS AS (body::json ->> 'created_at') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE UNIQUE INDEX view_tallies_now ON view_tallies (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_tallies_of_id ON view_tallies (organisation, generation, of_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_tallies_created_at ON view_tallies (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_tallies_since ON view_tallies (organisation, generation, since, id) WHERE until = 9223372036854775807;
