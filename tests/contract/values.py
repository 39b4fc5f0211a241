"""Checks that every golden event and every example of the contract has the type that the contract states.

Usage: values.py CONTRACT FOLDER_OF_EVENTS
"""

import json
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker

contract = yaml.safe_load(Path(sys.argv[1]).read_text(encoding="utf-8"))
wrong, count = [], 0


def hold(schema, value, where):
    global count
    count += 1
    whole = {"components": contract["components"], **schema}
    for error in Draft202012Validator(whole, format_checker=FormatChecker()).iter_errors(value):
        wrong.append(f"{where}: {error.message[:200]} at {list(error.absolute_path)}")


for file in sorted(Path(sys.argv[2]).glob("*.json")):
    stream = file.name.split(".")[0]
    hold({"$ref": f"#/components/schemas/{stream.capitalize()}Event"}, json.loads(file.read_text(encoding="utf-8")), file.name)
for path, item in contract["paths"].items():
    for operation in item.values():
        for content in [operation.get("requestBody", {})] + list(operation["responses"].values()):
            media = content.get("content", {}).get("application/json")
            if media:
                hold(media["schema"], media["example"], path)
for response in contract["components"]["responses"].values():
    for media in response["content"].values():
        for example in media.get("examples", {}).values():
            shown = contract["components"]["examples"][example["$ref"].rsplit("/", 1)[1]]
            hold(media["schema"], shown["value"], "an answer")
print("\n".join(wrong) or f"{count} values are as the contract says")
sys.exit(bool(wrong))
