-- How much each group sent on the day on which it last sent something: what is more than a day's share is refused. It is worth
-- nothing the day after.
CREATE TABLE uploads (
    organisation TEXT NOT NULL,
    group_id TEXT NOT NULL,
    day TEXT NOT NULL,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (organisation, group_id)
) STRICT;
