"""Checks an exported folder: its files, lines, hashes, checkpoints and rules."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from .findings import CannotCheck, Finding, Findings
from .heads import Head, Heads, KeyEvents, check_keys, read_keys
from .lines import check_metadata, moment_or_none, read_event
from .replay import Replay
from .tables import compare_grants, erasure_line
from .tree import Key, Note, Tree, leaf_hash

FILES = (
    "README.txt", "erasures.jsonl", "events.jsonl", "grants.csv", "heads.jsonl", "key.txt",
    "leaves.txt",
)
MANIFEST = "MANIFEST.sha256"
# How long before it is recorded an event is decided, and how long after, in microseconds: the
# clocks of the program and of the database differ.
DECIDED_BEFORE = 60_000_000
DECIDED_AFTER = 5_000_000


@dataclass
class Report:
    """What was checked, what was found, and what remains to be said."""

    events: int = 0
    heads: int = 0
    awards: int = 0
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # What was not checked, because the log was judged as one of an earlier program.
    not_checked: list[str] = field(default_factory=list)


class Folder:
    """An exported folder that is being checked."""

    def __init__(self, path: str, key: Key | None, head: Note | None) -> None:
        self.path, self.key, self.head = path, key, head
        self.findings, self.report = Findings(), Report()
        self.tree, self.replay, self.keys = Tree(), Replay(self.findings), KeyEvents()
        self.time, self.sealed = 0, 0
        self.sequences: dict[tuple[str, str], int] = {}
        # The command of the last event, and those that ended before it.
        self.command: str | None = None
        self.ended_commands: set[str | None] = set()
        self.erasures: list[bytes] = []
        self.head_holds = head is not None and head.size == 0 and head.root == self.tree.root()

    def check(self) -> Report:
        """Checks everything."""
        self._check_manifest()
        heads = Heads(read_keys(self._read("key.txt"), self.findings))
        for number, line in enumerate(self._lines("heads.jsonl", "head"), 1):
            try:
                heads.add(line)
            except (ValueError, RecursionError) as error:
                self._find(None, "head", f"line {number} of heads.jsonl: {error}")
        self._check_events(heads)
        newest = heads.keys[-1] if heads.keys else None
        is_known = self.key is not None or (
            newest is not None and self.head is not None and self._is_signed(self.head, newest)
        )
        check_keys(heads, self.keys, is_known, self._report_head)
        self._check_trusted(heads)
        self._check_tables()
        self.report.events, self.report.heads = self.tree.size, len(heads.heads)
        self.report.awards = len(self.replay.state.grants)
        self.report.not_checked = list(self.replay.state.programs.not_checked())
        self.report.findings = self.findings.sorted()
        return self.report

    def _find(self, position: int | None, rule: str, says: str, record: object = None) -> None:
        self.findings.add(position, rule, says, record)

    def _report_head(self, position: int | None, says: str) -> None:
        self._find(position, "head", says)

    @staticmethod
    def _is_signed(note: Note, key: Key) -> bool:
        """Whether a key signed a note, and rightly."""
        try:
            return note.is_signed_by(key)
        except ValueError:
            return False

    def _open(self, name: str) -> BinaryIO:
        """Opens a plain file: a pipe or a device has no end, and a link leads out of the folder."""
        path = os.path.join(self.path, name)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError(f"{name} is not a plain file")
        return open(path, "rb")

    def _read(self, name: str) -> bytes:
        """The bytes of a file; a file that is not there has none."""
        try:
            with self._open(name) as file:
                return file.read()
        except OSError:
            return b""

    def _lines(self, name: str, rule: str) -> Iterator[bytes]:
        """The lines of a file, each without its line feed."""
        try:
            file = self._open(name)
        except OSError:
            return
        with file:
            for line in file:
                if not line.endswith(b"\n"):
                    self._find(None, rule, f"{name} does not end with a line feed")
                yield line.removesuffix(b"\n")

    def _check_manifest(self) -> None:
        """Every file has the digest in the manifest, and there are no others."""
        expected = []
        for name in FILES:
            try:
                with self._open(name) as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError:
                self._find(None, "manifest", f"{name} cannot be read", name)
                continue
            expected.append(f"{digest}  {name}")
        said = self._read(MANIFEST).decode("utf-8", "replace")
        lines = said.removesuffix("\n").split("\n")
        for line in expected:
            if line not in lines:
                name = line[66:]
                self._find(None, "manifest", f"{name} is not the file that was exported", name)
        if not said.endswith("\n") or sorted(line[66:] for line in lines) != sorted(FILES):
            self._find(None, "manifest", f"{MANIFEST} is not the list of these files", MANIFEST)
        for name in sorted(set(os.listdir(self.path)) - {*FILES, MANIFEST}):
            self._find(None, "manifest", f"{name[:80]!r} is not a file of an export", name)

    def _check_events(self, heads: Heads) -> None:
        """Checks each event, its hash, the checkpoints over it, and the rules."""
        due: list[Head] = list(reversed(heads.heads))
        leaves = self._lines("leaves.txt", "sealed")
        broken = False
        for position, line in enumerate(self._lines("events.jsonl", "readable")):
            if position == heads.size and heads.heads:
                self._find(position, "beyond", "events come after the last checkpoint")
            leaf = leaf_hash(line)
            if next(leaves, None) != leaf.hex().encode():
                self._find(position, "sealed", "its hash is not the one in leaves.txt", "leaf")
            self.tree.push(leaf)
            self._check_event(position, line)
            if self.head and self.tree.size == self.head.size:
                self.head_holds = self.tree.root() == self.head.root
            while due and due[-1].size <= self.tree.size:
                head = due.pop()
                if head.size == self.tree.size:
                    broken = self._check_head(head, broken)
        self.replay.end_command()
        for head in reversed(due):
            if head.size == self.tree.size == 0:
                continue
            self._find(
                min(head.size, self.tree.size), "sealed",
                f"a checkpoint covers {head.size} events, and {self.tree.size} are here", "size",
            )
        if next(leaves, None) is not None:
            self._find(self.tree.size, "sealed", "leaves.txt has more lines than events.jsonl")

    def _check_head(self, head: Head, broken: bool) -> bool:
        """Checks a checkpoint over the events so far, and returns whether one was broken."""
        if head.through != self.time:
            self._find(head.size - 1, "head", "the checkpoint names another time than its event")
        if self.tree.root() == head.note.root:
            self.sealed = head.size
            return broken
        if not broken:
            says = f"positions {self.sealed} to {head.size - 1} are not those that were signed"
            self._find(self.sealed, "sealed", says, "root")
        return True

    def _check_event(self, position: int, line: bytes) -> None:
        """Checks the form of an event, its place in the log, and the rules."""
        try:
            event = read_event(line)
        except (ValueError, RecursionError) as error:
            self._find(position, "readable", str(error))
            return
        if event["position"] != position:
            says = f"the event says that its position is {event['position']}"
            self._find(position, "dense", says)
        if event["recorded_at"] < self.time:
            self._find(position, "time", "it was recorded before the event before it")
        self.time = max(self.time, event["recorded_at"])
        stream = (event["stream"], event["id"])
        if event["sequence"] != self.sequences.get(stream, 0) + 1:
            says = "it does not follow the event before it of its record"
            self._find(position, "sequence", says, stream)
        self.sequences[stream] = event["sequence"]
        # Metadata of another form do not hide what the event says.
        try:
            check_metadata(event)
        except ValueError as error:
            self._find(position, "readable", str(error))
        try:
            self.replay.take(position, event)
        except ValueError as error:
            self._find(position, "readable", str(error))
            return
        self._check_command(position, event)
        payload = event["payload"][event["event"]]
        if event["event"] == "CheckpointKeyRotated":
            self.keys.named.append((position, payload["key"]))
        if event["event"] == "LogRestored":
            self.keys.restored.append((position, payload["origin"], payload["sealed"]))
        if event["event"] == "PersonalDataErased":
            self.erasures.append(erasure_line(event["stream"], position, event["id"]))

    def _check_command(self, position: int, event: dict[str, Any]) -> None:
        """Checks what the metadata say about the command against the events before."""
        if event["command_id"] != self.command:
            self.ended_commands.add(self.command)
            self.command = event["command_id"]
            if self.command in self.ended_commands:
                self._find(position, "dense", "its command ended before, and its id comes back")
        metadata = event["metadata"]
        group = metadata.get("on_behalf_of")
        if group is not None and ("group", group) not in self.sequences:
            self._find(position, "readable", "on_behalf_of in its metadata names no group")
        decided_at = moment_or_none(metadata.get("decided_at"))
        if decided_at is None:
            return
        if not -DECIDED_AFTER <= event["recorded_at"] - decided_at <= DECIDED_BEFORE:
            says = "it was decided more than a minute before it was recorded, or after"
            self._find(position, "time", says)

    def _check_trusted(self, heads: Heads) -> None:
        """The key and the checkpoint that are known from elsewhere are those of the folder."""
        before = {origin for _, origin, _ in self.keys.restored}
        if self.key is None:
            self.report.notes.append(
                "The key was not compared with one from elsewhere (--key): "
                "the key of the folder could be anybody's."
            )
        elif heads.keys and self.key != heads.keys[-1]:
            is_same = self.key.public == heads.keys[-1].public and self.key.name in before
            if not is_same:
                self._find(None, "head", "the key of the folder is not the one that is trusted")
        if self.head is None:
            self.report.notes.append(
                "No checkpoint from elsewhere was compared (--head): "
                "the log could have been cut back or rewritten."
            )
            return
        says = self._compare_head(self.head, heads, before)
        if says is not None:
            self._find(None, "head", f"the checkpoint from elsewhere: {says}")

    def _compare_head(self, head: Note, heads: Heads, before: set[str]) -> str | None:
        """What the checkpoint from elsewhere says against the folder, if anything."""
        signers = [key for key in heads.keys if key.name == head.origin]
        if head.origin in before:
            signers += [key.under(head.origin) for key in heads.keys]
        try:
            is_signed = any([head.is_signed_by(key) for key in signers])
        except ValueError as error:
            return str(error)
        if not is_signed:
            return "no key of the folder has signed it"
        if head.size > self.tree.size:
            return (
                f"the log was rolled back: it covers {head.size} events, "
                f"and {self.tree.size} are here"
            )
        if not self.head_holds:
            return f"the log was forked: it is not true of the first {head.size} events"
        if not any(one.size == head.size for one in heads.heads):
            if head.origin not in before:
                return "it is true of the first events, and missing among the checkpoints"
            self.report.notes.append(
                f"The checkpoint from elsewhere is of the origin before. It is true of the first "
                f"{head.size} events."
            )
        return None

    def _check_tables(self) -> None:
        """The derived tables say what the events say."""
        difference = compare_grants(self._read("grants.csv"), self.replay.state)
        if difference:
            self._find(None, "told", difference, "grants")
        if self._read("erasures.jsonl") != b"".join(self.erasures):
            self._find(None, "told", "erasures.jsonl is not what the events say", "erasures")


def verify(path: str, key: str | None = None, head: str | None = None) -> Report:
    """Checks a folder, with the key and the checkpoint that are known from elsewhere, if any."""
    if not os.path.isdir(path):
        raise CannotCheck(f"{path} is not a folder")
    try:
        trusted_key = None if key is None else Key.parse(key.strip().split("\n")[-1].strip())
    except ValueError as error:
        raise CannotCheck(f"the key cannot be read: {error}") from None
    try:
        trusted_head = None if head is None else Note.parse(head.strip() + "\n")
    except ValueError as error:
        raise CannotCheck(f"the checkpoint cannot be read: {error}") from None
    try:
        return Folder(path, trusted_key, trusted_head).check()
    except OSError as error:
        raise CannotCheck(f"the folder cannot be read: {error}") from None
