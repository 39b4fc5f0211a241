-- Whether something of a row waits to be confirmed or settled. The columns are empty where nothing
-- waits, so that their indexes hold only the few rows that do.
ALTER TABLE view_grants ADD COLUMN entries_wait text GENERATED ALWAYS AS (nullif(body::json ->> 'entries_wait', 'nothing')) STORED;
CREATE INDEX view_grants_entries_wait ON view_grants (organisation, generation, entries_wait, id) WHERE until = 9223372036854775807 AND entries_wait IS NOT NULL;

-- The award of a grant was raised, and not everybody who was named as present has confirmed it.
ALTER TABLE view_grants ADD COLUMN attendance_waits text GENERATED ALWAYS AS (CASE WHEN json_array_length(body::json -> 'unconfirmed') > 0 THEN 'waiting' END) STORED;
CREATE INDEX view_grants_attendance_waits ON view_grants (organisation, generation, attendance_waits, id) WHERE until = 9223372036854775807 AND attendance_waits IS NOT NULL;

ALTER TABLE view_applications ADD COLUMN attendance_waits text GENERATED ALWAYS AS (nullif(body::json ->> 'attendance_waits', 'nothing')) STORED;
CREATE INDEX view_applications_attendance_waits ON view_applications (organisation, generation, attendance_waits, id) WHERE until = 9223372036854775807 AND attendance_waits IS NOT NULL;

ALTER TABLE view_applications ADD COLUMN help_waits text GENERATED ALWAYS AS (nullif(body::json ->> 'help_waits', 'nothing')) STORED;
CREATE INDEX view_applications_help_waits ON view_applications (organisation, generation, help_waits, id) WHERE until = 9223372036854775807 AND help_waits IS NOT NULL;

ALTER TABLE view_people ADD COLUMN contact_waits text GENERATED ALWAYS AS (nullif(body::json ->> 'contact_waits', 'nothing')) STORED;
CREATE INDEX view_people_contact_waits ON view_people (organisation, generation, contact_waits, id) WHERE until = 9223372036854775807 AND contact_waits IS NOT NULL;

ALTER TABLE view_groups ADD COLUMN correction_waits text GENERATED ALWAYS AS (nullif(body::json ->> 'correction_waits', 'nothing')) STORED;
CREATE INDEX view_groups_correction_waits ON view_groups (organisation, generation, correction_waits, id) WHERE until = 9223372036854775807 AND correction_waits IS NOT NULL;
