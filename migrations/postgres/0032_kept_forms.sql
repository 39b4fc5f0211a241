-- Forms that arrived when nobody was signed in any more, until their person has signed in again.
-- `browser` and `page` are keyed digests of a secret that only the browser has; `sealed` is
-- encrypted under a key that is derived from that secret.
CREATE TABLE kept_forms (
    organisation text NOT NULL,
    browser text NOT NULL,
    page text NOT NULL,
    sealed bytea NOT NULL,
    kept_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    PRIMARY KEY (organisation, browser, page)
);
CREATE INDEX kept_forms_expires ON kept_forms (organisation, expires_at);
