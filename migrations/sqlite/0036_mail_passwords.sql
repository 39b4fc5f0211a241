-- Passwords of mail servers that administrators entered. An event names a password by its id;
-- `sealed` is encrypted under a key that is derived from the id, the server and a key outside the
-- database.
CREATE TABLE mail_passwords (
    organisation TEXT NOT NULL,
    id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    entered_at INTEGER NOT NULL,
    PRIMARY KEY (organisation, id)
) STRICT;
