-- The address that a link to sign in was mailed to, by the digest under which the log keeps it; empty until a mail carries the
-- link. Whoever uses the link has shown that this address is theirs, whatever address they have by then.
ALTER TABLE sign_in_links ADD COLUMN mailed_to TEXT NOT NULL DEFAULT '';
