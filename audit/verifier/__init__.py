"""An independent verifier of exported logs, written from the documents alone.

It shares no code with the service: docs/reference/log-format.md says what the files are,
docs/events.md what an event holds, and docs/rules.md what must hold.
"""
