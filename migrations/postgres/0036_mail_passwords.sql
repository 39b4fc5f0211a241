-- Passwords of mail servers that administrators entered. An event names a password by its id;
-- `sealed` is encrypted under a key that is derived from the id, the server and a key outside the
-- database.
CREATE TABLE mail_passwords (
    organisation text NOT NULL,
    id text NOT NULL,
    sealed bytea NOT NULL,
    entered_at bigint NOT NULL,
    PRIMARY KEY (organisation, id)
);
