"""Validates the directory as Open Referral UK 3.0: each record against the official compiled schemas, and each page by the fields of pages.

The schemas let an empty object pass as a page, so the fields of pages are required here.

Usage: OFFICER_TOKEN=… open_referral.py FOLDER_OF_SCHEMAS ADDRESS
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from jsonschema import Draft202012Validator, FormatChecker

PAGE = {
    "total_items": int,
    "total_pages": int,
    "page_number": int,
    "size": int,
    "first_page": bool,
    "last_page": bool,
    "empty": bool,
}
LISTS = ("services", "service_at_locations", "taxonomies", "taxonomy_terms")
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def send(address, path, body=None):
    """An answer as JSON, with its status and headers."""
    headers = {"Accept": "application/json"}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers |= {
            "Authorization": f"Bearer {os.environ['OFFICER_TOKEN']}",
            "Content-Type": "application/json",
            "If-Match": "*",
            "Idempotency-Key": str(uuid.uuid4()),
        }
    request = urllib.request.Request(address + path, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read() or b"{}")


def command(address, path, body):
    status, _, answer = send(address, path, body)
    if status not in (200, 201):
        sys.exit(f"{path} was refused: {status} {answer}")
    return answer


def put_entries(address):
    """Records and publishes offers of each kind, and a wish; returns the ids of what is published and of what must not be."""
    shown, hidden = [], []
    for kind, way, when, state in (
        ("organisation", "offer", "Every Tuesday, 2pm to 4pm", "published"),
        ("place", "offer", "First Saturday of the month, 10:00-12:00", "published"),
        ("thing", "offer", None, "published"),
        ("place", "wish", None, "published"),
        ("thing", "offer", None, "withdrawn"),
        ("thing", "offer", None, "paused"),
        ("thing", "offer", None, "recorded"),
    ):
        name = f"A {kind} to try, {state} {way}"
        made = command(address, "/api/v1/assets", {"way": way, "kind": kind, "name": name, "area": "oldham"})
        entry = made.get("id") or made["asset"]["id"]
        at = f"/api/v1/assets/{entry}"
        if state != "recorded":
            listing = {"name": name, "description": "Made to check the feed.", "area": "oldham", "welcomes": True}
            listing |= {"access": "There is a ramp."} | ({"when": when} if when else {})
            command(address, at + "/publish", listing)
        for wanted, verb in (("withdrawn", "withdraw"), ("paused", "pause")):
            if state == wanted:
                command(address, at + f"/{verb}", {})
        (shown if state == "published" and way == "offer" else hidden).append(entry)
    return shown, hidden


class Judge:
    def __init__(self, schemas, address):
        self.address = address
        self.wrong = []
        self.records = 0
        load = lambda name: Draft202012Validator(json.loads((schemas / f"{name}.json").read_text()), format_checker=FormatChecker())
        self.schemas = {name: load(name) for name in ("service", "service_list", "service_at_location", "service_at_location_list")}

    def check(self, what, holds):
        if not holds:
            self.wrong.append(what)

    def validate(self, schema, record, where):
        self.records += 1
        for error in self.schemas[schema].iter_errors(record):
            self.wrong.append(f"{where}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
        self.no_nulls(record, where)

    def no_nulls(self, value, where):
        if isinstance(value, dict):
            for name, part in value.items():
                self.no_nulls(part, f"{where}/{name}")
        elif isinstance(value, list):
            for number, part in enumerate(value):
                self.no_nulls(part, f"{where}/{number}")
        else:
            self.check(f"{where} is null", value is not None)

    def read(self, path):
        status, headers, body = send(self.address, "/open-referral" + path)
        self.check(f"{path}: status {status}", status == 200)
        self.check(f"{path}: other sites may not read it", headers.get("Access-Control-Allow-Origin") == "*")
        return body

    def page(self, path, number, per_page):
        page = self.read(f"{path}?page={number}&per_page={per_page}")
        for name, kind in PAGE.items():
            self.check(f"{path}: {name} is {page.get(name)!r}", type(page.get(name)) is kind)
        contents = page.get("contents", [])
        self.check(f"{path}: size", page.get("size") == len(contents))
        self.check(f"{path}: empty", page.get("empty") == (not contents))
        self.check(f"{path}: page_number", page.get("page_number") == number)
        self.check(f"{path}: first_page", page.get("first_page") == (number == 1))
        self.check(f"{path}: last_page", page.get("last_page") == (number == page.get("total_pages")))
        return page, contents

    def whole(self, name):
        """All records of a list, two a page."""
        records, number = [], 1
        while True:
            page, contents = self.page("/" + name, number, 2)
            records += contents
            if page.get("last_page", True) or number > 500:
                break
            number += 1
        self.check(f"{name}: total_items", page.get("total_items") == len(records))
        ids = [record["id"] for record in records]
        self.check(f"{name}: an id stands twice", len(ids) == len(set(ids)))
        return records

    def run(self, shown, hidden):
        about = self.read("/")
        self.check("the description of the feed", {"version", "profile", "openapi_url"} <= about.keys())
        lists = {name: self.whole(name) for name in LISTS}
        for name, records in lists.items():
            for short in records:
                full = self.read(f"/{name}/{short['id']}")
                self.check(f"{name}/{short['id']}: another record", full.get("id") == short["id"])
                if name.startswith("service"):
                    kind = name[:-1]
                    self.validate(f"{kind}_list", short, f"{name} in the list")
                    self.validate(kind, full, name)
                if name == "services":
                    self.check("last_modified without milliseconds", MILLISECONDS.fullmatch(full.get("last_modified", "")))
                    self.check("a service without its organisation", bool(full.get("organization", {}).get("description")))
                    self.check("a service that was not checked", re.fullmatch(r"\d{4}-\d\d-\d\d", full.get("assured_date", "")))
        ids = {record["id"] for record in lists["services"]}
        self.check("an offer is missing", set(shown) <= ids)
        self.check("a wish or what is not published is there", not set(hidden) & ids)
        for entry in [*hidden, str(uuid.uuid4()), "none"]:
            status, _, _ = send(self.address, f"/open-referral/services/{entry}")
            self.check(f"services/{entry}: status {status}", status == 404)
        for query in ("page=0", "page=x", "per_page=0", "per_page=100000"):
            status, _, _ = send(self.address, f"/open-referral/services?{query}")
            self.check(f"services?{query}: status {status}", status == 400)
        schedules = [one for entry in shown for one in self.read(f"/services/{entry}").get("schedules", [])]
        days = {(one.get("freq"), one.get("byday"), one.get("opens_at")) for one in schedules}
        self.check(f"schedules: {days}", {("WEEKLY", "TU", "14:00"), ("MONTHLY", "1SA", "10:00")} <= days)
        self.check("no location of a place", bool(lists["service_at_locations"]))


def main():
    schemas, address = Path(sys.argv[1]), sys.argv[2]
    judge = Judge(schemas, address)
    judge.run(*put_entries(address))
    for wrong in judge.wrong:
        print(wrong)
    if judge.wrong:
        sys.exit(f"{len(judge.wrong)} faults in the directory as Open Referral UK 3.0")
    print(f"{judge.records} records are valid by Open Referral UK 3.0")


main()
