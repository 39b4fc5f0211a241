-- When the whole log was last held against what was signed, and how many events it had.
ALTER TABLE tree_logs ADD COLUMN checked_size INTEGER;
ALTER TABLE tree_logs ADD COLUMN checked_at INTEGER;
