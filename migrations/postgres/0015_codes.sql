-- A code belongs to the browser that asked for it: this is a keyed digest of that browser's key, and empty once a newer link was sent.
ALTER TABLE sign_in_links ADD COLUMN browser text NOT NULL DEFAULT '';
CREATE INDEX sign_in_links_asked ON sign_in_links (organisation, browser);
