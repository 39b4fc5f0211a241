-- The digest of the session of the browser that asked for a sign-in link; empty if none asked.
ALTER TABLE sign_in_links ADD COLUMN asked_in TEXT NOT NULL DEFAULT '';
