-- Webhooks that administrators make: a row in webhooks each, named by its number, and its deliveries one by one, so that one that
-- is not taken holds back no other.
ALTER TABLE webhooks ADD COLUMN managed INTEGER NOT NULL DEFAULT 0;
-- How often in a row a delivery was not taken, and since when; when it was paused for that.
ALTER TABLE webhooks ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE webhooks ADD COLUMN failing_since INTEGER;
ALTER TABLE webhooks ADD COLUMN paused_at INTEGER;
CREATE TABLE webhook_deliveries (
    organisation TEXT NOT NULL,
    name TEXT NOT NULL,
    from_position INTEGER NOT NULL,
    -- The position after its last event.
    through_position INTEGER NOT NULL,
    -- waiting, taken or given_up.
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    -- After this it is not tried again.
    give_up_at INTEGER NOT NULL,
    tried_at INTEGER,
    error TEXT,
    PRIMARY KEY (organisation, name, from_position)
) STRICT;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (organisation, name, due_at) WHERE state = 'waiting';
