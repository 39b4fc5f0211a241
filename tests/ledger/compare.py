"""Compares the balances that another accounting program finds in the books with the budget of a
replay, for each fund.

`scripts/ledger` runs it: compare.py beancount JOURNAL BUDGET, or
compare.py hledger JOURNAL BUDGET BALANCES.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path


def of_beancount(journal):
    """The balance and the fund of each account, as Beancount computes them."""
    from beancount import loader
    from beancount.core.data import Open
    from beancount.core.realization import realize

    entries, errors, _ = loader.load_file(journal)
    if errors:
        sys.exit(f"Beancount: {errors}")
    root = realize(entries)
    balances, funds = {}, {}
    for entry in entries:
        if isinstance(entry, Open):
            node = root
            for part in entry.account.split(":"):
                node = node[part]
            balances[entry.account] = node.balance.get_currency_units("GBP").number
            funds[entry.account] = entry.meta.get("fund-id")
    return balances, funds


def of_hledger(journal, table):
    """The same from hledger's report; the funds are tags of the accounts."""
    text = Path(journal).read_text(encoding="utf-8")
    declared = re.findall(r"^account (\S+)(?:  ; fund-id:(\S+))?$", text, re.MULTILINE)
    with open(table, encoding="utf-8") as rows:
        found = {row["account"]: row["balance"] for row in csv.DictReader(rows)}
    balance = lambda name: Decimal(found.get(name, "0").replace("GBP", "").strip() or "0")
    return {name: balance(name) for name, _ in declared}, dict(declared)


def main(kind, journal, budget, table=None):
    balances, funds = of_beancount(journal) if kind == "beancount" else of_hledger(journal, table)
    by_fund = defaultdict(lambda: defaultdict(Decimal))
    shared = Decimal(0)
    for account, balance in balances.items():
        if account.startswith("Liabilities:Bank-entries-to-settle:"):
            shared += balance
        elif funds[account]:
            by_fund[funds[account]][":".join(account.split(":")[:2])] += balance
        else:
            shared += balance
    lines = json.loads(Path(budget).read_text(encoding="utf-8"))["lines"]
    wrong, cash = [], Decimal(0)
    for line in lines:
        own = by_fund.pop(line["of"], defaultdict(Decimal))
        income = -own["Income:Grants-received"]
        expense = own["Expenses:Grants-awarded"] + own["Expenses:Grants-recovered"]
        payable = -own["Liabilities:Grants-payable"]
        line["sent_net"] = Decimal(line["sent"]) - Decimal(line["returned"])
        line["payable"] = Decimal(line["committed"]) - line["sent_net"]
        for name, is_now in [
            ("allocated", income),
            ("committed", expense),
            ("payable", payable),
            ("sent_net", expense - payable),
            ("uncommitted", income - expense),
        ]:
            if is_now != Decimal(line[name]):
                wrong.append(f"{line['of']}: {name} is {is_now}, and {line[name]} in the budget")
        cash += Decimal(line["allocated"]) - line["sent_net"]
    wrong += [f"the budget has no fund {fund}" for fund in by_fund]
    if shared != cash:
        wrong.append(f"{shared} is at the bank, and {cash} by the budget")
    if not any(line["sent_net"] for line in lines):
        wrong.append("nothing was paid: the comparison shows nothing")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{kind}: {len(balances)} accounts, and the balances of {len(lines)} funds are the budget's")


main(*sys.argv[1:])
