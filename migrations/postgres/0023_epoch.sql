-- The fence of the log: a conditional write requires the epoch that it was resolved against. It is advanced when the acknowledgement
-- of a commit was lost and the batch is not in the log, so that a late copy of the statement writes nothing.
ALTER TABLE log_head ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
