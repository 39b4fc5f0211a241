"""Runs audit/verify.py on many folders: reads one folder a line, and writes one verdict a line."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))

from verify import verify  # noqa: E402

for line in sys.stdin:
    folder, _, key = line.rstrip("\n").partition("\t")
    try:
        report = verify(folder, key or None)
        found = [[finding.position, finding.rule] for finding in report.findings]
        verdict = {"checked": True, "found": found}
    except Exception as error:
        verdict = {"checked": False, "found": [[None, repr(error)]]}
    print(json.dumps(verdict), flush=True)
