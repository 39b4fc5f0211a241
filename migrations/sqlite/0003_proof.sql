-- The tree over the log: under which origin it is signed, the heads that were, and its tiles.
CREATE TABLE tree_logs (
    organisation TEXT PRIMARY KEY,
    origin TEXT NOT NULL,
    -- The public key that verifies its heads.
    verifier TEXT NOT NULL,
    -- Why nothing is signed any more, if that is so.
    stopped TEXT
) STRICT;

CREATE TABLE tree_heads (
    organisation TEXT NOT NULL,
    -- How many events it is over.
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    -- When the last of them was recorded.
    through INTEGER NOT NULL,
    PRIMARY KEY (organisation, size)
) STRICT;

-- Up to 256 hashes of 32 bytes each.
CREATE TABLE tree_tiles (
    organisation TEXT NOT NULL,
    level INTEGER NOT NULL,
    tile INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (organisation, level, tile)
) STRICT;
