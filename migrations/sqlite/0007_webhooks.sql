-- How far other systems were told of the log. An address stands here as its digest only.
CREATE TABLE webhooks (
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The first event that it has not taken yet.
    next_position INTEGER NOT NULL,
    -- Where the delivery that is under way ends; the same as next_position while there is none.
    through_position INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    -- When it is sent next; while it is claimed, when the claim runs out.
    due_at INTEGER NOT NULL,
    took_at INTEGER,
    error TEXT,
    PRIMARY KEY (organisation, name)
) STRICT;
