"""Validates events against their JSON Schemas: the stored example of every version of every event, and each line of exported logs.

Usage: events.py FOLDER_OF_SCHEMAS FOLDER_OF_EXAMPLES EXPORTED_FOLDER...
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

schemas, examples, *exports = map(Path, sys.argv[1:])
read = lambda path: path.read_text(encoding="utf-8")


def validator(name):
    schema = json.loads(read(schemas / f"{name}.schema.json"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


validators = {path.name.removesuffix(".schema.json"): None for path in schemas.glob("*.schema.json")}
for name in validators:
    validators[name] = validator(name)
line_of_log = validators.pop("envelope")
wrong = []


def hold(judge, value, where):
    errors = list(judge.iter_errors(value))
    wrong.extend(f"{where}: {error.message[:200]} at {list(error.absolute_path)}" for error in errors)
    return not errors


def refuse(judge, value, where):
    if not list(judge.iter_errors(value)):
        wrong.append(f"{where}: the schema takes it")


# Every event has an example and a schema, and each schema refuses what is not its event.
seen = set()
for path in sorted(examples.glob("*.json")):
    name = ".".join(path.name.split(".")[:2])
    seen.add(name)
    if name not in validators:
        wrong.append(f"{name}: no schema")
        continue
    payload = json.loads(read(path))
    hold(validators[name], payload, path.name)
    event = name.split(".")[1]
    refuse(validators[name], {"Other": payload[event]}, f"{path.name} under another name")
    refuse(validators[name], {**payload, "Other": {}}, f"{path.name} with another event")
    for field in validators[name].schema["properties"][event].get("required", []):
        fields = {key: value for key, value in payload[event].items() if key != field}
        refuse(validators[name], {event: fields}, f"{path.name} without {field}")
wrong.extend(f"{name}: no example" for name in sorted(set(validators) - seen))

for folder in exports:
    lines = read(folder / "events.jsonl").splitlines()
    said = max(json.loads(head)["size"] for head in read(folder / "heads.jsonl").splitlines())
    if not lines or len(lines) != said:
        wrong.append(f"{folder}: {len(lines)} lines, and its newest head is over {said}")
    kinds = set()
    for number, text in enumerate(lines, 1):
        line, where = json.loads(text), f"{folder}, line {number}"
        if hold(line_of_log, line, where):
            name = f"{line['stream']}.{line['event']}"
            kinds.add(name)
            hold(validators[name], line["payload"], f"{where}, {name}")
    print(f"{folder}: {len(lines)} lines of {len(kinds)} kinds of event were validated")
    first = json.loads(lines[0])
    for name in line_of_log.schema["required"]:
        refuse(line_of_log, {key: value for key, value in first.items() if key != name}, f"a line without {name}")
    for change in [{"other": 1}, {"v": 2}, {"id": first["id"].upper()}, {"version": "9.9"}, {"event": "Nothing"}, {"payload": {}}]:
        refuse(line_of_log, {**first, **change}, f"a line with {change}")

print("\n".join(wrong[:100]) or f"{len(validators)} schemas of events hold for all of it")
sys.exit(bool(wrong))
