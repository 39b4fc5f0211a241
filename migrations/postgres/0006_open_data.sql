-- What anybody may know: the source of the open data. Nothing sealed ever stands here.
CREATE TABLE view_published (
    organisation text NOT NULL,
    generation bigint NOT NULL,
    id text NOT NULL,
    since bigint NOT NULL,
    until bigint NOT NULL,
    body text NOT NULL,
    kind text GENERATED ALWAYS AS (body::json ->> 'of') STORED,
    PRIMARY KEY (organisation, generation, id, since)
);
CREATE INDEX view_published_now ON view_published (organisation, generation, until, kind, id);
CREATE INDEX view_published_since ON view_published (organisation, generation, since);

-- What a funder's statement of account reads.
CREATE INDEX postings_of_funder ON postings (organisation, generation, funder, position);

-- By which the payments of a batch are found, to make its file for the bank.
ALTER TABLE view_payments ADD COLUMN batch text GENERATED ALWAYS AS (body::json ->> 'batch') STORED;
CREATE INDEX view_payments_batch ON view_payments (organisation, generation, until, batch, id);
