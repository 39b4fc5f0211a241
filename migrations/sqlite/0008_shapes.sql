-- The shape of the rows that a generation holds: when a newer program makes them otherwise, it makes them anew as it starts.
ALTER TABLE projections ADD COLUMN shape INTEGER NOT NULL DEFAULT 0;
