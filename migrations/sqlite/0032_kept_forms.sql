-- Forms that arrived when nobody was signed in any more, until their person has signed in again.
-- `browser` and `page` are keyed digests of a secret that only the browser has; `sealed` is
-- encrypted under a key that is derived from that secret.
CREATE TABLE kept_forms (
    organisation TEXT NOT NULL,
    browser TEXT NOT NULL,
    page TEXT NOT NULL,
    sealed BLOB NOT NULL,
    kept_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (organisation, browser, page)
) STRICT;
CREATE INDEX kept_forms_expires ON kept_forms (organisation, expires_at);
