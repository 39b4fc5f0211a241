#!/usr/bin/env python3
"""Checks an exported log without the program that wrote it. Written from docs/reference/log-format.md alone.

Usage: verify.py FOLDER [KEY]      needs the package "cryptography"
Exit codes: 0 it holds, 1 it does not, 2 it could not be checked.
"""
import base64, hashlib, json, os, sys

def sha(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()

def canonical(value):
    """RFC 8785 for what the log holds: strings, whole numbers, truth values, lists and objects."""
    if isinstance(value, float):
        raise ValueError("a number that is not whole")
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)

def no_doubles(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)

def read_key(text):
    name, key_id, key = text.strip().split("+", 2)
    key = base64.b64decode(key, validate=True)
    if key[0] != 1 or sha(name.encode(), b"\n\x01", key[1:])[:4].hex() != key_id:
        raise ValueError("this is not a verifier key")
    return name, bytes.fromhex(key_id), key[1:]

def open_head(note, key):
    """The size and the root of a signed head."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    name, key_id, public = key
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    if not signatures.endswith("\n"):
        raise ValueError("no signed note")
    signed = False
    for line in signatures[:-1].split("\n"):
        dash, signer, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if dash != "\u2014":
            raise ValueError("no signed note")
        if signer == name and signature[:4] == key_id:
            Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
            signed = True
    origin, size, root, end = text.split("\n")
    if not signed or origin != name or end or str(int(size)) != size:
        raise ValueError("not signed by this key, or of another log")
    if base64.b64encode(base64.b64decode(root, validate=True)).decode() != root:
        raise ValueError("no root")
    return int(size), base64.b64decode(root)

def signed_by(note, key):
    try:
        return bool(open_head(note, key))
    except Exception:
        return False

class Tree:
    """Full subtrees from left to right, the largest first."""
    def __init__(self):
        self.size, self.peaks = 0, []

    def push(self, leaf):
        self.size += 1
        self.peaks.append((0, leaf))
        while len(self.peaks) > 1 and self.peaks[-1][0] == self.peaks[-2][0]:
            (height, left), (_, right) = self.peaks[-2:]
            self.peaks[-2:] = [(height + 1, sha(b"\x01", left, right))]

    def root(self):
        if not self.peaks:
            return sha()
        root = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            root = sha(b"\x01", left, root)
        return root

NAMES = {"command_id": str, "event": str, "id": str, "metadata": dict, "payload": object, "position": int,
         "recorded_at": int, "sequence": int, "stream": str, "v": int, "version": str}

def verify(folder, trusted):
    findings = []
    find = lambda position, rule, says: findings.append((position, rule, says))
    path = lambda name: os.path.join(folder, name)
    lines = lambda name: (line.rstrip(b"\n") for line in open(path(name), "rb"))
    own = open(path("key.txt"), encoding="utf-8", newline="").read()
    keys = [read_key(line) for line in own.strip().split("\n")]
    if any(one[0] != other[0] and one[2] != other[2] for one, other in zip(keys, keys[1:])):
        raise ValueError("keys of several logs")
    if trusted and read_key(trusted.strip().split("\n")[-1]) != keys[-1]:
        find(None, "head", "the folder's key is not the one that is trusted")
    named = {}
    for line in open(path("MANIFEST.sha256"), encoding="utf-8", errors="replace", newline="").read().split("\n"):
        digest, _, name = line.partition("  ")
        named[name] = digest
    for name in ["README.txt", "erasures.jsonl", "events.jsonl", "grants.csv", "heads.jsonl", "key.txt", "leaves.txt"]:
        if named.get(name) != hashlib.sha256(open(path(name), "rb").read()).hexdigest():
            find(None, "manifest", name + " is not the file that was exported")
    # Each change of the key: the next one, the size of the last head before, the size of the head over the event.
    heads, at_key, changes, named, restored = [], 0, [], [], []
    for line in lines("heads.jsonl"):
        try:
            line = json.loads(line, object_pairs_hook=no_doubles)
            last_size = heads[-1][0] if heads else 0
            while at_key + 1 < len(keys) and keys[at_key + 1][0] != keys[at_key][0] and signed_by(line["note"], keys[at_key + 1]):
                at_key += 1
                changes.append((at_key, last_size, open_head(line["note"], keys[at_key])[0]))
            size, root = open_head(line["note"], keys[at_key])
            if at_key + 1 < len(keys) and signed_by(line["note"], keys[at_key + 1]):
                at_key += 1
                changes.append((at_key, size, size))
            if line["size"] != size or set(line) != {"note", "size", "through"} or (heads and heads[-1][0] >= size):
                raise ValueError("its size is not what it should be")
            heads.append((size, root, line["through"]))
        except Exception as error:
            find(None, "head", str(error) or type(error).__name__)
    last, due = (heads[-1][0] if heads else 0), list(reversed(heads))
    if not heads or at_key + 1 < len(keys):
        find(None, "head", "no signed head is there, or none of the key before it vouches for the newest key")
    erased = []
    tree, streams, at, sealed, broken, leaves = Tree(), {}, 0, 0, False, lines("leaves.txt")
    for position, line in enumerate(lines("events.jsonl")):
        if position == last:
            find(position, "beyond", "events stand after the last signed head")
        leaf = sha(b"\x00", line)
        tree.push(leaf)
        if next(leaves, None) != leaf.hex().encode():
            find(position, "sealed", "its hash is not the one in leaves.txt")
        try:
            event = json.loads(line, object_pairs_hook=no_doubles)
            if set(event) != set(NAMES) or event["v"] != 1 or not all(kind is object or type(event[name]) is kind for name, kind in NAMES.items()):
                raise ValueError("it has not the shape of an event")
            if canonical(event).encode() != line:
                raise ValueError("it is not in its canonical form")
            if event["position"] != position:
                find(position, "dense", "position %d stands here" % event["position"])
            if event["recorded_at"] < at:
                find(position, "time", "it was recorded before the event that stands before it")
            at = max(at, event["recorded_at"])
            stream = (event["stream"], event["id"])
            if event["sequence"] != streams.get(stream, 0) + 1:
                find(position, "sequence", "it does not follow the event before it in its stream")
            streams[stream] = event["sequence"]
            if event["event"] == "CheckpointKeyRotated":
                named.append((position, event["payload"]["CheckpointKeyRotated"]["key"]))
            if event["event"] == "LogRestored":
                says = event["payload"]["LogRestored"]
                restored.append((position, says["origin"], says["sealed"]))
            if event["event"] == "PersonalDataErased":
                erased.append(canonical({"kind": event["stream"], "position": position, "subject": event["id"]}) + "\n")
        except Exception as error:
            find(position, "readable", str(error))
        while due and due[-1][0] == tree.size:
            size, root, through = due.pop()
            if through != at:
                find(position, "head", "its head says that it was recorded at another time")
            if tree.root() == root:
                sealed = size
            elif not broken:
                broken = True
                find(sealed, "sealed", "positions %d to %d are not those that were signed" % (sealed, size - 1))
    for size, _, _ in reversed(due):
        find(min(size, tree.size), "sealed", "a head was signed over %d events, and %d are here" % (size, tree.size))
    lines_of = own.strip().split("\n")
    if any(key == lines_of[0] for _, key in named):
        find(None, "head", "the key before the first one is missing, with its heads")
    for place, size, under in changes:
        if keys[place][0] != keys[place - 1][0]:
            if not any(at < under and (origin, sealed_size) == (keys[place - 1][0], size) for at, origin, sealed_size in restored):
                find(under - 1, "head", "no event says that the log goes on under this origin")
            continue
        last_named = next((key for at, key in reversed(named) if at < under), None)
        # Earlier programs rotated without an event: the newest key must then be known.
        if last_named != lines_of[place] and not (last_named is None and trusted):
            find(under - 1, "head", "no event under a head of the key before it names the next key")
    if next(leaves, None) is not None:
        find(tree.size, "sealed", "leaves.txt has more lines than events.jsonl")
    if open(path("erasures.jsonl"), encoding="utf-8", newline="").read() != "".join(erased):
        find(None, "told", "erasures.jsonl is not what the events say")
    return tree.size, len(heads), findings

def main():
    try:
        trusted = open(sys.argv[2], encoding="utf-8").read() if len(sys.argv) > 2 else None
        events, heads, findings = verify(sys.argv[1], trusted)
    except Exception as error:
        print("it could not be checked: %s: %s" % (type(error).__name__, error), file=sys.stderr)
        return 2
    for position, rule, says in sorted(findings, key=lambda found: -1 if found[0] is None else found[0]):
        print(("" if position is None else "position %d: " % position) + rule + ": " + says)
    if not findings:
        print("%d events and %d signed heads hold; the rules and grants.csv were not looked at" % (events, heads))
    return 1 if findings else 0

if __name__ == "__main__":
    sys.exit(main())
