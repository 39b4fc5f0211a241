"""Validates calendars of gatherings: with the library icalendar, and by the rules of RFC 5545 that no library checks.

Usage: feed.py FILE.ics...
"""

import re
import sys
from pathlib import Path

from icalendar import Calendar

ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY", "STATUS", "URL", "LAST-MODIFIED"}
NEVER = {"ATTENDEE", "ORGANIZER", "CONTACT", "RRULE", "RDATE", "ATTACH"}
TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION"}
UTC = re.compile(r"\d{8}T\d{6}Z")


def by_hand(raw):
    """What libraries do not notice."""
    wrong = []
    text = raw.decode("utf-8")
    if not raw.endswith(b"\r\n") or b"\n" in raw.replace(b"\r\n", b"") or b"\r" in raw.replace(b"\r\n", b""):
        wrong.append("a line that does not end with CRLF")
    for line in raw.split(b"\r\n"):
        if len(line) > 75:
            wrong.append(f"a line of {len(line)} octets")
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            wrong.append("a line that is folded within a character")
    lines = text.replace("\r\n ", "").replace("\r\n\t", "").split("\r\n")[:-1]
    head = lines[: lines.index("BEGIN:VEVENT")] if "BEGIN:VEVENT" in lines else lines
    for name in ("VERSION:2.0", "PRODID:"):
        if sum(line.startswith(name) for line in head) != 1:
            wrong.append(f"not one {name}")
    if "BEGIN:VTIMEZONE" in lines:
        wrong.append("a time zone, though all times are in UTC")
    uids = [line for line in lines if line.startswith("UID:")]
    if len(set(uids)) != len(uids):
        wrong.append("a UID that two events have")
    event = None
    for line in lines:
        if line == "BEGIN:VEVENT":
            event = []
        elif line == "END:VEVENT":
            wrong += of_event(event)
            event = None
        elif event is not None:
            event.append(line)
    return wrong


def of_event(lines):
    wrong = []
    values = {}
    for line in lines:
        name, value = re.split("[;:]", line, maxsplit=1)
        values.setdefault(name, []).append(value)
    uid = values.get("UID", ["without a UID"])[0]
    for name in ONCE:
        if len(values.get(name, [])) != 1:
            wrong.append(f"{uid}: not one {name}")
    wrong += [f"{uid}: a {name}" for name in NEVER if name in values]
    for name in ("DTSTAMP", "DTSTART", "DTEND", "LAST-MODIFIED"):
        wrong += [f"{uid}: {name} is not in UTC" for value in values.get(name, []) if not UTC.fullmatch(value)]
    if values.get("DTEND", [""])[0] <= values.get("DTSTART", [""])[0]:
        wrong.append(f"{uid}: it ends before it starts")
    if values.get("STATUS", [""])[0] not in ("CONFIRMED", "CANCELLED"):
        wrong.append(f"{uid}: an unknown status")
    if not re.fullmatch(r"[0-9a-f-]{36}-\d+@\S+", uid):
        wrong.append(f"{uid}: not gathering-session@host")
    for name in TEXTS:
        for value in values.get(name, []):
            if re.search(r"(?<!\\)(?:\\\\)*[,;]", value) or re.search(r"(?<!\\)(?:\\\\)*\\[^\\;,nN]", value):
                wrong.append(f"{uid}: {name} is not escaped")
    return wrong


def by_library(raw):
    calendar = Calendar.from_ical(raw)
    wrong = [f"{field}: {error}" for event in calendar.walk() for field, error in event.errors]
    for event in calendar.walk("VEVENT"):
        # Decoding fails if a value is not of its type.
        wrong += [] if event.decoded("DTSTART") < event.decoded("DTEND") else ["it ends before it starts"]
        int(event.decoded("SEQUENCE"))
    return wrong


def faults(raw):
    try:
        return by_hand(raw) + by_library(raw)
    except (ValueError, KeyError, TypeError) as error:
        return [str(error)]


GOOD = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VEVENT
UID:0198c0de-0000-7000-8000-000000000007-1@example.org
DTSTAMP:20261128T093015Z
LAST-MODIFIED:20261128T093015Z
SEQUENCE:0
DTSTART:20261203T180000Z
DTEND:20261203T200000Z
SUMMARY:Soup\\, bread\\; and talk
URL:https://example.org/gatherings/0198c0de-0000-7000-8000-000000000007
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")

# Each break of a good file is noticed.
BREAKS = [
    ("UID:0198c0de-0000-7000-8000-000000000007-1@example.org\r\n", ""),
    ("DTSTAMP:20261128T093015Z\r\n", ""),
    ("PRODID:-//Example//EN\r\n", ""),
    ("VERSION:2.0\r\n", ""),
    ("\r\nSEQUENCE", "\nSEQUENCE"),
    ("Soup\\,", "Soup,"),
    ("Soup", "Soup" * 20),
    ("CONFIRMED", "PERHAPS"),
    ("T200000Z", "T170000Z"),
    ("T180000Z", "T180000"),
    ("20261203T18", "20261303T18"),
    ("STATUS:CONFIRMED", "STATUS:CONFIRMED\r\nATTENDEE:mailto:nia@example.org"),
    ("END:VEVENT\r\n", ""),
]
assert not faults(GOOD.encode()), faults(GOOD.encode())
for old, new in BREAKS:
    broken = GOOD.replace(old, new, 1)
    assert broken != GOOD, old
    assert faults(broken.encode()), f"{old!r} as {new!r} was not noticed"
event = GOOD[GOOD.index("BEGIN:VEVENT") : GOOD.index("END:VCALENDAR")]
assert faults(GOOD.replace(event, event + event).encode()), "a doubled UID was not noticed"
SUMMARY = "SUMMARY:Soup\\, bread\\; and talk"
between = f"SUMMARY:{'ż' * 33}\r\n {'ż' * 4}"
assert not faults(GOOD.replace(SUMMARY, between).encode())
within = b"SUMMARY:" + "ż".encode() * 33 + b"\xc5\r\n \xbc"
assert faults(GOOD.encode().replace(SUMMARY.encode(), within)), "a fold within a character was not noticed"

failed = False
for path in map(Path, sys.argv[1:]):
    raw = path.read_bytes()
    events = raw.count(b"BEGIN:VEVENT")
    found = faults(raw)
    if not events:
        found.append("no session")
    for fault in found:
        print(f"{path.name}: {fault}")
        failed = True
    print(f"{path.name}: {events} sessions")
sys.exit(failed)
