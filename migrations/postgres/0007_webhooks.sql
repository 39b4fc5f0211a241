-- How far other systems were told of the log. An address stands here as its digest only.
CREATE TABLE webhooks (
    organisation text NOT NULL,
    name text NOT NULL,
    -- The first event that it has not taken yet.
    next_position bigint NOT NULL,
    -- Where the delivery that is under way ends; the same as next_position while there is none.
    through_position bigint NOT NULL,
    tries bigint NOT NULL,
    -- When it is sent next; while it is claimed, when the claim runs out.
    due_at bigint NOT NULL,
    took_at bigint,
    error text,
    PRIMARY KEY (organisation, name)
);
