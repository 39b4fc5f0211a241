-- How much each group sent on the day on which it last sent something: what is more than a day's share is refused. It is worth
-- nothing the day after.
CREATE TABLE uploads (
    organisation text NOT NULL,
    group_id text NOT NULL,
    day text NOT NULL,
    files bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (organisation, group_id)
);
