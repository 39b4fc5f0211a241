-- What anybody may know: the source of the open data. Nothing sealed ever stands here.
CREATE TABLE view_published (
    organisation TEXT NOT NULL,
    generation INTEGER NOT NULL,
    id TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    body TEXT NOT NULL,
    kind TEXT GENERATED ALWAYS AS (body ->> 'of') VIRTUAL,
    PRIMARY KEY (organisation, generation, id, since)
) STRICT;
CREATE INDEX view_published_now ON view_published (organisation, generation, until, kind, id);
CREATE INDEX view_published_since ON view_published (organisation, generation, since);

-- What a funder's statement of account reads.
CREATE INDEX postings_of_funder ON postings (organisation, generation, funder, position);

-- By which the payments of a batch are found, to make its file for the bank.
ALTER TABLE view_payments ADD COLUMN batch TEXT GENERATED ALWAYS AS (body ->> 'batch') VIRTUAL;
CREATE INDEX view_payments_batch ON view_payments (organisation, generation, until, batch, id);
