-- Lessons, the stories that were chosen at gatherings, and tallies of answers. A tally has numbers only,
-- never who chose which answer.
CREATE TABLE view_lessons (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_lessons_now ON view_lessons (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_lessons_created_at ON view_lessons (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_lessons_since ON view_lessons (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_chosen_stories (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    gathering TEXT GENERATED ALWAYS AS (body ->> 'gathering') VIRTUAL,
    grant_id TEXT GENERATED ALWAYS AS (body ->> 'grant') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_chosen_stories_now ON view_chosen_stories (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_gathering ON view_chosen_stories (organisation, generation, gathering, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_grant_id ON view_chosen_stories (organisation, generation, grant_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_created_at ON view_chosen_stories (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_chosen_stories_since ON view_chosen_stories (organisation, generation, since, id) WHERE until = 9223372036854775807;

CREATE TABLE view_tallies (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    of_id TEXT GENERATED ALWAYS AS (body ->> 'of') VIRTUAL,
    question TEXT GENERATED ALWAYS AS (body ->> 'question') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (body ->> 'created_at') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE UNIQUE INDEX view_tallies_now ON view_tallies (organisation, generation, id) WHERE until = 9223372036854775807;
CREATE INDEX view_tallies_of_id ON view_tallies (organisation, generation, of_id, id) WHERE until = 9223372036854775807;
CREATE INDEX view_tallies_created_at ON view_tallies (organisation, generation, created_at, id) WHERE until = 9223372036854775807;
CREATE INDEX view_tallies_since ON view_tallies (organisation, generation, since, id) WHERE until = 9223372036854775807;
