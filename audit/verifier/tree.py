"""Hashes, keys and signed checkpoints (RFC 6962, C2SP signed-note and tlog-checkpoint)."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(*parts: bytes) -> bytes:
    """The SHA-256 of the parts, one after another."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def leaf_hash(line: bytes) -> bytes:
    """The hash of an event: its line without the line feed."""
    return sha256(b"\x00", line)


def from_base64(text: str) -> bytes:
    """Decodes base64 in its one canonical spelling."""
    decoded = base64.b64decode(text, validate=True)
    if base64.b64encode(decoded).decode() != text:
        raise ValueError("this is not canonical base64")
    return decoded


class Tree:
    """The tree over the first events. It holds whole subtrees, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[tuple[int, bytes]] = []

    def push(self, leaf: bytes) -> None:
        """Adds the hash of the next event."""
        self.size += 1
        peaks = self._peaks
        peaks.append((0, leaf))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (height, left), (_, right) = peaks[-2:]
            peaks[-2:] = [(height + 1, sha256(b"\x01", left, right))]

    def root(self) -> bytes:
        """The root over all events so far."""
        if not self._peaks:
            return sha256()
        root = self._peaks[-1][1]
        for _, left in reversed(self._peaks[:-1]):
            root = sha256(b"\x01", left, root)
        return root


@dataclass(frozen=True)
class Key:
    """A public key that verifies checkpoints. Its name is the origin of the log."""

    name: str
    id: bytes
    public: bytes
    text: str

    @classmethod
    def parse(cls, text: str) -> Key:
        """Reads `<name>+<key id>+<base64 of 0x01 and the 32 bytes>`."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not parts[0] or any(c.isspace() for c in parts[0]):
            raise ValueError("this is not a public key of checkpoints")
        name, key_id, encoded = parts
        key = from_base64(encoded)
        if len(key) != 33 or key[0] != 1:
            raise ValueError("this is not an Ed25519 key")
        if sha256(name.encode(), b"\n", key)[:4].hex() != key_id:
            raise ValueError("the id of the key is not the one of this key")
        return cls(name, bytes.fromhex(key_id), key[1:], text)


    def under(self, name: str) -> Key:
        """The same key under another origin."""
        public = b"\x01" + self.public
        key_id = sha256(name.encode(), b"\n", public)[:4]
        text = f"{name}+{key_id.hex()}+{base64.b64encode(public).decode()}"
        return Key(name, key_id, self.public, text)


@dataclass(frozen=True)
class Note:
    """A signed note with a checkpoint."""

    signed_text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, text: str) -> Note:
        """Reads a note. It does not look at who signed it."""
        head, separator, tail = text.rpartition("\n\n")
        if not separator or not tail.endswith("\n"):
            raise ValueError("this is not a signed note")
        signed_text = head + "\n"
        signatures = []
        for line in tail[:-1].split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014":
                raise ValueError("this is not a signed note")
            signature = from_base64(parts[2])
            if len(signature) < 5:
                raise ValueError("a signature is too short")
            signatures.append((parts[1], signature))
        lines = signed_text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise ValueError("the note has not the three lines of a checkpoint")
        origin, size, root = lines[:3]
        if not size.isascii() or not size.isdigit() or len(size) > 16 or str(int(size)) != size:
            raise ValueError("the size of the checkpoint is not a number")
        decoded = from_base64(root)
        if len(decoded) != 32:
            raise ValueError("the root of the checkpoint is not a hash")
        return cls(signed_text, origin, int(size), decoded, tuple(signatures))

    def is_signed_by(self, key: Key) -> bool:
        """Whether the key's signature is there. One that does not hold raises ValueError."""
        if self.origin != key.name:
            return False
        found = False
        for name, signature in self.signatures:
            if name != key.name or signature[:4] != key.id:
                continue
            try:
                public = Ed25519PublicKey.from_public_bytes(key.public)
                public.verify(signature[4:], self.signed_text.encode())
            except InvalidSignature:
                raise ValueError("the signature does not hold") from None
            found = True
        return found
