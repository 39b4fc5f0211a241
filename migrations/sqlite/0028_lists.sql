-- The order of each list of the desk: what is most urgent first. `urgency` begins with a digit for how
-- soon somebody must act; within it follows a day, the oldest first, or for what is over its day
-- counted down, so that the newest is first. `next_on` is the day on which something of a grant is due.

ALTER TABLE view_applications ADD COLUMN urgency TEXT GENERATED ALWAYS AS (coalesce(CASE WHEN (body ->> 'state') IN ('submitted', 'under_review') THEN '0' || (body ->> 'submitted_on') WHEN (body ->> 'state') IN ('eligible', 'in_assessment') THEN '1' || (body ->> 'submitted_on') END, '2' || CAST(99999999 - CAST(replace(substr((body ->> 'created_at'), 1, 10), '-', '') AS integer) AS TEXT), '3')) VIRTUAL;
CREATE INDEX view_applications_urgency ON view_applications (organisation, generation, urgency, id) WHERE until = 9223372036854775807;
CREATE INDEX view_applications_state_urgency ON view_applications (organisation, generation, state, urgency, id) WHERE until = 9223372036854775807;

ALTER TABLE view_grants ADD COLUMN next_on TEXT GENERATED ALWAYS AS (CASE WHEN (body ->> 'state') = 'offered' THEN (body ->> 'expires_on') WHEN (body ->> 'state') = 'accepted' THEN (body ->> 'offered_on') WHEN (body ->> 'due_back') <> '0.00' AND (body ->> 'return_due_on') IS NOT NULL THEN (body ->> 'return_due_on') WHEN (body ->> 'state') IN ('live', 'reported') THEN (body ->> 'update_due_on') END) VIRTUAL;
ALTER TABLE view_grants ADD COLUMN urgency TEXT GENERATED ALWAYS AS (coalesce('0' || CASE WHEN (body ->> 'state') = 'offered' THEN (body ->> 'expires_on') WHEN (body ->> 'state') = 'accepted' THEN (body ->> 'offered_on') WHEN (body ->> 'due_back') <> '0.00' AND (body ->> 'return_due_on') IS NOT NULL THEN (body ->> 'return_due_on') WHEN (body ->> 'state') IN ('live', 'reported') THEN (body ->> 'update_due_on') END, '1' || CAST(99999999 - CAST(replace(substr((body ->> 'created_at'), 1, 10), '-', '') AS integer) AS TEXT), '2')) VIRTUAL;
CREATE INDEX view_grants_urgency ON view_grants (organisation, generation, urgency, id) WHERE until = 9223372036854775807;
CREATE INDEX view_grants_state_urgency ON view_grants (organisation, generation, state, urgency, id) WHERE until = 9223372036854775807;

-- A change that a group asked for waits for a decision. Empty where none does.
ALTER TABLE view_grants ADD COLUMN change_waits TEXT GENERATED ALWAYS AS (CASE WHEN instr((body ->> 'variations'), '"state":"requested"') > 0 THEN 'waiting' END) VIRTUAL;
CREATE INDEX view_grants_change_waits ON view_grants (organisation, generation, change_waits, id) WHERE until = 9223372036854775807 AND change_waits IS NOT NULL;

ALTER TABLE view_payments ADD COLUMN urgency TEXT GENERATED ALWAYS AS (coalesce(CASE (body ->> 'state') WHEN 'prepared' THEN '0' || (body ->> 'prepared_on') WHEN 'approved' THEN '1' || (body ->> 'prepared_on') WHEN 'sent' THEN '2' || (body ->> 'sent_on') WHEN 'failed' THEN '3' || (body ->> 'prepared_on') WHEN 'reversed' THEN '3' || (body ->> 'prepared_on') END, '4' || CAST(99999999 - CAST(replace(substr((body ->> 'created_at'), 1, 10), '-', '') AS integer) AS TEXT), '5')) VIRTUAL;
CREATE INDEX view_payments_urgency ON view_payments (organisation, generation, urgency, id) WHERE until = 9223372036854775807;
CREATE INDEX view_payments_state_urgency ON view_payments (organisation, generation, state, urgency, id) WHERE until = 9223372036854775807;

ALTER TABLE view_updates ADD COLUMN urgency TEXT GENERATED ALWAYS AS (coalesce(CASE WHEN (body ->> 'state') IN ('requested', 'received', 'queried') THEN '0' || (body ->> 'due_on') END, '1' || CAST(99999999 - CAST(replace(substr((body ->> 'created_at'), 1, 10), '-', '') AS integer) AS TEXT), '2')) VIRTUAL;
CREATE INDEX view_updates_urgency ON view_updates (organisation, generation, urgency, id) WHERE until = 9223372036854775807;
CREATE INDEX view_updates_state_urgency ON view_updates (organisation, generation, state, urgency, id) WHERE until = 9223372036854775807;

-- Lists that a person saved under a name: its filters, order and columns. They are no record of the
-- programme, only how somebody looks at it, so that they are not in the log. `audience` is the id of
-- the person who sees the view, or `office` for everyone in the office.
CREATE TABLE saved_views (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    list TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    owner TEXT NOT NULL,
    audience TEXT NOT NULL,
    saved_at INTEGER NOT NULL,
    PRIMARY KEY (organisation, id),
    UNIQUE (organisation, list, audience, name)
) STRICT;
CREATE INDEX saved_views_owner ON saved_views (organisation, owner);
