-- By which it is found what a person or a group raised.
ALTER TABLE view_barriers ADD COLUMN person TEXT GENERATED ALWAYS AS (body ->> 'person') VIRTUAL;
CREATE INDEX view_barriers_person ON view_barriers (organisation, generation, person, id) WHERE until = 9223372036854775807;
CREATE INDEX view_barriers_group_id ON view_barriers (organisation, generation, group_id, id) WHERE until = 9223372036854775807;
