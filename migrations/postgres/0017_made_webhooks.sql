-- Webhooks that administrators make: a row in webhooks each, named by its number, and its deliveries one by one, so that one that
-- is not taken holds back no other.
ALTER TABLE webhooks ADD COLUMN managed bigint NOT NULL DEFAULT 0;
-- How often in a row a delivery was not taken, and since when; when it was paused for that.
ALTER TABLE webhooks ADD COLUMN failures bigint NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN failing_since bigint;
ALTER TABLE webhooks ADD COLUMN paused_at bigint;
CREATE TABLE webhook_deliveries (
    organisation text NOT NULL,
    name text NOT NULL,
    from_position bigint NOT NULL,
    -- The position after its last event.
    through_position bigint NOT NULL,
    -- waiting, taken or given_up.
    state text NOT NULL,
    tries bigint NOT NULL,
    made_at bigint NOT NULL,
    due_at bigint NOT NULL,
    -- After this it is not tried again.
    give_up_at bigint NOT NULL,
    tried_at bigint,
    error text,
    PRIMARY KEY (organisation, name, from_position)
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (organisation, name, due_at) WHERE state = 'waiting';
