"""Lines of JSON in canonical form (RFC 8785), and the form of an event."""

from __future__ import annotations

import datetime
import json
import re
from typing import Any, NoReturn

STREAMS = frozenset(
    {"person", "organisation", "fund", "group", "application", "grant", "gathering", "asset",
     "introduction", "barrier"}
)
NAMES = {
    "command_id": str,
    "event": str,
    "id": str,
    "metadata": dict,
    "payload": dict,
    "position": int,
    "recorded_at": int,
    "sequence": int,
    "stream": str,
    "v": int,
    "version": str,
}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
MOMENT = re.compile(r"([0-9-]{10}T[0-9:]{8})(?:\.([0-9]{1,9}))?Z")
METADATA = frozenset({
    "actor", "causation_id", "channel", "command", "command_id", "correlation_id", "decided_at",
})
COMMAND = re.compile(rf"(?:{'|'.join(sorted(STREAMS))})/[a-z0-9]+(?:-[a-z0-9]+)*")
CHANNELS = frozenset({"web", "phone", "paper", "in_person"})
LARGEST = 2**53 - 1


def refuse_number(text: str) -> NoReturn:
    """The log holds whole numbers only."""
    raise ValueError(f"{text[:20]} is not a whole number")


def each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are each there once."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("an object has the same name twice")
    return value


DECODER = json.JSONDecoder(
    object_pairs_hook=each_name_once, parse_float=refuse_number, parse_constant=refuse_number
)


def canonical(value: Any) -> str:
    """RFC 8785 for strings, whole numbers, truth values, lists and objects."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        pairs = (canonical(name) + ":" + canonical(value[name]) for name in names)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def read_object(text: str) -> dict[str, Any]:
    """Reads an object that is the whole text."""
    value, end = DECODER.raw_decode(text)
    if end != len(text) or not isinstance(value, dict):
        raise ValueError("the line is not one object")
    return value


def read_canonical(line: bytes) -> dict[str, Any]:
    """Reads an object, and raises ValueError unless its bytes are the canonical ones."""
    value = read_object(line.decode("utf-8"))
    if max(line) >= 0xF0:
        # Names are sorted by UTF-16, which differs from code points above U+FFFF.
        written = canonical(value)
    else:
        written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if written.encode("utf-8") != line:
        raise ValueError("the line is not in canonical form")
    return value


def read_event(line: bytes) -> dict[str, Any]:
    """Reads an event, and raises ValueError unless it has the form of one."""
    event = read_canonical(line)
    if event.keys() != NAMES.keys():
        raise ValueError("the line has not the names of an event")
    for name, kind in NAMES.items():
        if type(event[name]) is not kind:
            raise ValueError(f"{name} is not of the right type")
    if event["v"] != 1:
        raise ValueError("the version of the format is not 1")
    if event["version"] != "1.0":
        raise ValueError("the version of the payload is not known")
    if event["stream"] not in STREAMS:
        raise ValueError("there is no such kind of record")
    for name in ("command_id", "id"):
        if not UUID.fullmatch(event[name]):
            raise ValueError(f"{name} is not a UUID in lower case")
    for name in ("position", "sequence", "recorded_at"):
        if not 0 <= event[name] <= LARGEST:
            raise ValueError(f"{name} is out of range")
    if list(event["payload"]) != [event["event"]]:
        raise ValueError("the payload is not the one of this event")
    if not all(isinstance(value, str) for value in event["metadata"].values()):
        raise ValueError("metadata are texts")
    return event


def check_metadata(event: dict[str, Any]) -> None:
    """Raises ValueError unless the metadata are as described, and of this command."""
    metadata = event["metadata"]
    missing = METADATA - metadata.keys()
    if missing:
        raise ValueError(f"metadata have no {min(missing)}")
    if metadata["actor"] not in ("operator", "job") and not UUID.fullmatch(metadata["actor"]):
        raise ValueError("the actor is neither a person, the operator nor a job")
    if metadata["command_id"] != event["command_id"]:
        raise ValueError("the metadata are those of another command")
    for name in ("causation_id", "correlation_id"):
        if not UUID.fullmatch(metadata[name]):
            raise ValueError(f"{name} is not a UUID in lower case")
    if not COMMAND.fullmatch(metadata["command"]):
        raise ValueError("the command is not a kind of record and a name")
    if metadata["channel"] not in CHANNELS:
        raise ValueError("there is no such channel")
    if moment_or_none(metadata["decided_at"]) is None:
        raise ValueError("decided_at is not a moment in UTC")


def moment_or_none(text: str | None) -> int | None:
    """A moment in UTC, as microseconds since 1970, or None if a text is none."""
    match = MOMENT.fullmatch(text or "")
    if not match:
        return None
    try:
        whole = datetime.datetime.fromisoformat(match[1] + "+00:00")
    except ValueError:
        return None
    return int(whole.timestamp()) * 1_000_000 + int((match[2] or "").ljust(6, "0")[:6])
