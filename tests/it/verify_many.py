"""Runs audit/verify.py on many folders: reads one folder per line, and writes one verdict per line."""
import importlib.util, json, sys

spec = importlib.util.spec_from_file_location("verify", sys.argv[1])
verifier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verifier)
for line in sys.stdin:
    folder, _, key = line.rstrip("\n").partition("\t")
    try:
        _, _, findings = verifier.verify(folder, key or None)
        verdict = {"checked": True, "found": [[position, rule] for position, rule, _ in findings]}
    except Exception as error:
        verdict = {"checked": False, "found": [[None, repr(error)]]}
    print(json.dumps(verdict), flush=True)
