"""The checkpoints of the folder, and the keys that signed them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .findings import Findings
from .lines import LARGEST, read_object
from .tree import Key, Note


@dataclass(frozen=True)
class Head:
    """A checkpoint that its key has signed."""

    note: Note
    through: int

    @property
    def size(self) -> int:
        """The number of events under it."""
        return self.note.size


@dataclass(frozen=True)
class KeyChange:
    """From a checkpoint on the next key counts."""

    before: Key
    after: Key
    # The size of the last checkpoint of the key before, and of the first that both keys cover.
    last_size: int
    under: int


@dataclass
class Heads:
    """All checkpoints that were signed as they should be, the smallest first."""

    keys: list[Key]
    heads: list[Head] = field(default_factory=list)
    changes: list[KeyChange] = field(default_factory=list)
    at_key: int = 0

    @property
    def size(self) -> int:
        """The number of events under the newest checkpoint."""
        return self.heads[-1].size if self.heads else 0

    def add(self, line: bytes) -> None:
        """Takes the next line. Raises ValueError if it is not the next checkpoint."""
        value = read_object(line.decode("utf-8"))
        if value.keys() != {"note", "size", "through"} or not isinstance(value["note"], str):
            raise ValueError("the line is not a checkpoint")
        note, through = Note.parse(value["note"]), value["through"]
        if type(value["size"]) is not int or value["size"] != note.size:
            raise ValueError("the size of the line is not the size in the note")
        if type(through) is not int or not 0 <= through <= LARGEST:
            raise ValueError("the time of the checkpoint is not a moment")
        self._change_origin(note)
        if not self.keys or not note.is_signed_by(self.keys[self.at_key]):
            raise ValueError("the checkpoint is not signed by the key that counts here")
        if note.size <= self.size:
            raise ValueError("the checkpoint is not larger than the one before it")
        following = self._following()
        if following and following.name == note.origin and note.is_signed_by(following):
            self._change(note.size, note.size)
        self.heads.append(Head(note, through))

    def _following(self) -> Key | None:
        """The key after the one that counts."""
        return self.keys[self.at_key + 1] if self.at_key + 1 < len(self.keys) else None

    def _change_origin(self, note: Note) -> None:
        """The log goes on under another origin."""
        following = self._following()
        while following and following.name != self.keys[self.at_key].name:
            if not note.is_signed_by(following):
                return
            self._change(self.size, note.size)
            following = self._following()

    def _change(self, last_size: int, under: int) -> None:
        """The next key counts from here on."""
        before, after = self.keys[self.at_key : self.at_key + 2]
        self.changes.append(KeyChange(before, after, last_size, under))
        self.at_key += 1


@dataclass
class KeyEvents:
    """What the events say about keys and origins, with their positions."""

    named: list[tuple[int, str]] = field(default_factory=list)
    restored: list[tuple[int, str, int]] = field(default_factory=list)


def read_keys(data: bytes, findings: Findings) -> list[Key]:
    """The keys of `key.txt`, the oldest first."""
    try:
        text = data.decode("utf-8")
        if not text.endswith("\n"):
            raise ValueError("key.txt does not end with a line feed")
        return [Key.parse(line) for line in text[:-1].split("\n")]
    except ValueError as error:
        findings.add(None, "head", f"key.txt: {error}")
        return []


def check_keys(heads: Heads, events: KeyEvents, is_trusted: bool, report: Callable) -> None:
    """Each key but the first is named by an event under a checkpoint of the key before it."""
    keys = heads.keys
    if keys and any(key == keys[0].text for _, key in events.named):
        report(None, "the key before the first one is missing, with its checkpoints")
    for change in heads.changes:
        position = max(0, change.under - 1)
        if change.before.name != change.after.name:
            said = (change.before.name, change.last_size)
            if change.before.public != change.after.public:
                report(position, "another key signs under the new origin")
            if not any(at < change.under and (name, size) == said for at, name, size in
                       events.restored):
                report(position, "no event says that the log goes on under this origin")
            continue
        named = [key for at, key in events.named if at < change.under]
        # Earlier programs changed the key without an event: then the newest key must be known.
        if not (named[-1] == change.after.text if named else is_trusted):
            report(position, "no event under a checkpoint of the key before names the next key")
    if not heads.heads:
        report(None, "there is no signed checkpoint")
    elif heads.at_key + 1 < len(keys):
        report(None, "a key of key.txt signs no checkpoint after the key before it")
