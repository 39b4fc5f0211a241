-- By which gatherings are found whose leads asked for a hand so long ago that it is forgotten.
ALTER TABLE view_gatherings ADD COLUMN hand_kept_until TEXT GENERATED ALWAYS AS (body ->> 'hand_kept_until') VIRTUAL;
CREATE INDEX view_gatherings_hand_kept_until ON view_gatherings (organisation, generation, hand_kept_until, id) WHERE until = 9223372036854775807;
