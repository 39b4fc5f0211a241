-- The tree over the log: under which origin it is signed, the heads that were, and its tiles.
CREATE TABLE tree_logs (
    organisation text PRIMARY KEY,
    origin text NOT NULL,
    -- The public key that verifies its heads.
    verifier text NOT NULL,
    -- Why nothing is signed any more, if that is so.
    stopped text
);

CREATE TABLE tree_heads (
    organisation text NOT NULL,
    -- How many events it is over.
    size bigint NOT NULL,
    note text NOT NULL,
    -- When the last of them was recorded.
    through bigint NOT NULL,
    PRIMARY KEY (organisation, size)
);

-- Up to 256 hashes of 32 bytes each.
CREATE TABLE tree_tiles (
    organisation text NOT NULL,
    level bigint NOT NULL,
    tile bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (organisation, level, tile)
);
