-- A mail to somebody without an email address waits until they are phoned or written to ('by_hand'), and is then 'told'.
ALTER TABLE mails DROP CONSTRAINT mails_state_check;
ALTER TABLE mails ADD CONSTRAINT mails_state_check
    CHECK (state IN ('due', 'claimed', 'sent', 'dropped', 'failed', 'by_hand', 'told'));
