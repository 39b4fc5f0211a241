-- The session of the browser that asked for a sign-in link, as its digest. Empty if no browser asked.
ALTER TABLE sign_in_links ADD COLUMN asked_in TEXT NOT NULL DEFAULT '';
