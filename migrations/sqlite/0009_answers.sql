-- A form's answers are one row, found by the application's id.
DROP INDEX view_answers_application;
ALTER TABLE view_answers DROP COLUMN application;
