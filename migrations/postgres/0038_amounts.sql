-- The amounts that the search of the desk finds: asked for, awarded and paid, as texts such as
-- 1250.00.
ALTER TABLE view_applications ADD COLUMN requested text GENERATED ALWAYS AS (body::json ->> 'requested') STORED;
CREATE INDEX view_applications_requested ON view_applications (organisation, generation, requested, id) WHERE until = 9223372036854775807 AND requested IS NOT NULL;
ALTER TABLE view_grants ADD COLUMN awarded text GENERATED ALWAYS AS (body::json ->> 'awarded') STORED;
CREATE INDEX view_grants_awarded ON view_grants (organisation, generation, awarded, id) WHERE until = 9223372036854775807 AND awarded IS NOT NULL;
ALTER TABLE view_payments ADD COLUMN amount text GENERATED ALWAYS AS (body::json ->> 'amount') STORED;
CREATE INDEX view_payments_amount ON view_payments (organisation, generation, amount, id) WHERE until = 9223372036854775807 AND amount IS NOT NULL;
