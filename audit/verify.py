#!/usr/bin/env python3
"""Checks an exported log without the program that wrote it.

Usage: verify.py FOLDER [--key FILE] [--head FILE] [--json]

Written from docs/reference/log-format.md, docs/events.md and docs/rules.md alone. It needs Python
3.11 and the package "cryptography". Exit codes: 0 it holds, 1 it does not, 2 it could not be
checked.
"""

from __future__ import annotations

import argparse
import json
import os
import stat
import sys
from dataclasses import asdict

from verifier.findings import CannotCheck

try:
    from verifier.folder import Report, verify
except ImportError as error:
    print(f"it could not be checked: {error}", file=sys.stderr)
    sys.exit(2)

# The largest key or checkpoint that is read.
BYTES_MAX = 16 << 20


def read_text(path: str | None) -> str | None:
    """The text of a file, if one is named."""
    if path is None:
        return None
    try:
        # A pipe or a device may have no end.
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise CannotCheck(f"{path}: it is not a plain file")
        with open(path, "rb") as file:
            data = file.read(BYTES_MAX + 1)
        if len(data) > BYTES_MAX:
            raise CannotCheck(f"{path}: it is too large")
        return data.decode("utf-8")
    except (OSError, ValueError) as error:
        raise CannotCheck(f"{path}: {error}") from None


def print_report(report: Report) -> None:
    """Prints the findings, what holds, and what was not checked."""
    for finding in report.findings:
        print(finding.line())
    if not report.findings:
        every = "not every rule" if report.not_checked else "every rule"
        print(
            f"{report.events} events, {report.heads} checkpoints and {report.awards} grants hold; "
            f"{every} was checked."
        )
    for note in report.notes:
        print(note)
    for says in report.not_checked:
        print(f"Not checked: {says}.")


def main() -> int:
    """Checks the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Checks an exported log.")
    parser.add_argument("folder", help="the exported folder")
    parser.add_argument("--key", metavar="FILE", help="the public key that you know")
    parser.add_argument("--head", metavar="FILE", help="a checkpoint that you were given earlier")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        report = verify(options.folder, read_text(options.key), read_text(options.head))
    except CannotCheck as error:
        if options.json:
            print(json.dumps({"checked": False, "error": str(error)}))
        print(f"it could not be checked: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"checked": True, "holds": not report.findings, **asdict(report)}))
    else:
        print_report(report)
    return 1 if report.findings else 0


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output has gone. Nothing more is written when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)
