"""Writes random bank and card statements with ofxtools, and what a reader must find in each.

Usage: python tests/bank/ofx.py FOLDER SEED

Each statement is a file `N.ofx`. `N.txt` has a line for each movement: the day in London, the pence,
the direction and the description, as `statements.rs` prints them.
"""

import random
import sys
import xml.etree.ElementTree as ET
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from ofxtools.header import make_header
from ofxtools.models import (
    BANKACCTFROM,
    BANKMSGSRSV1,
    BANKTRANLIST,
    CCACCTFROM,
    CCSTMTRS,
    CCSTMTTRNRS,
    CREDITCARDMSGSRSV1,
    LEDGERBAL,
    OFX,
    SIGNONMSGSRSV1,
    SONRS,
    STATUS,
    STMTRS,
    STMTTRN,
    STMTTRNRS,
)
from ofxtools.utils import tostring_unclosed_elements

LONDON = ZoneInfo("Europe/London")
WORDS = ["FASTER PAYMENT", "SOUP & SONG", "GR013782P1", "26NOV", "O'Neill", "Café", "£5", "  two  spaces "]
FIELDS = {"checknum": 12, "refnum": 32, "name": 32, "extdname": 100, "memo": 255}
STATEMENTS = 40
MOVEMENTS_MAX = 12


def moment(chance):
    zone = timezone(timedelta(minutes=chance.choice([-300, 0, 0, 0, 60, 330])))
    day = datetime(2026, 1, 1, tzinfo=zone) + timedelta(days=chance.randrange(365))
    # Midnight is how programs write a day without a time.
    return day.replace(hour=chance.randrange(24), minute=chance.randrange(1, 60))


def movement(chance, number):
    """A random movement, and the line that a reader must find for it."""
    goes_out = number == 0 or chance.random() < 0.6
    pence = chance.randrange(1, 10**chance.randrange(1, 10))
    kinds = ["DEBIT", "PAYMENT", "DIRECTDEBIT"] if goes_out else ["CREDIT", "DEP", "DIRECTDEP"]
    amount = Decimal(-pence if goes_out else pence) / 100
    posted = moment(chance)
    texts = {
        name: " ".join(chance.sample(WORDS, chance.randrange(1, 4)))[:length]
        for name, length in FIELDS.items()
        if chance.random() < 0.5
    }
    made = STMTTRN(
        trntype=chance.choice([*kinds, "XFER", "OTHER"]),
        dtposted=posted,
        trnamt=amount.quantize(Decimal("0.01")),
        fitid=str(number),
        **texts,
    )
    squeezed = [" ".join(text.split()) for text in texts.values()]
    description = " ".join(dict.fromkeys(text for text in squeezed if text))
    day = posted.astimezone(LONDON).date()
    return made, f"{day} {pence} Some({'Out' if goes_out else 'In'}) {description}".rstrip()


def account(chance, number, *, of_card):
    """The statement of an account, and the lines that a reader must find in it."""
    made, lines = zip(*(movement(chance, at) for at in range(chance.randrange(1, MOVEMENTS_MAX))))
    now = datetime(2026, 12, 31, tzinfo=timezone.utc)
    shared = {
        "curdef": "GBP",
        "banktranlist": BANKTRANLIST(*made, dtstart=now, dtend=now),
        "ledgerbal": LEDGERBAL(balamt=Decimal("10.00"), dtasof=now),
    }
    status = STATUS(code=0, severity="INFO")
    if of_card:
        statement = CCSTMTRS(ccacctfrom=CCACCTFROM(acctid="1234"), **shared)
        return CCSTMTTRNRS(trnuid=str(number), status=status, ccstmtrs=statement), lines
    at = BANKACCTFROM(bankid="309431", acctid="12345678", accttype="CHECKING")
    statement = STMTRS(bankacctfrom=at, **shared)
    return STMTTRNRS(trnuid=str(number), status=status, stmtrs=statement), lines


def statement(chance):
    """The bytes of a file with several accounts, and the lines that a reader must find in it."""
    accounts, lines = zip(*(account(chance, at, of_card=False) for at in range(chance.randrange(1, 3))))
    card, on_card = account(chance, 0, of_card=True)
    now = datetime(2026, 12, 31, tzinfo=timezone.utc)
    signon = SONRS(status=STATUS(code=0, severity="INFO"), dtserver=now, language="ENG")
    root = OFX(
        signonmsgsrsv1=SIGNONMSGSRSV1(sonrs=signon),
        bankmsgsrsv1=BANKMSGSRSV1(*accounts),
        creditcardmsgsrsv1=CREDITCARDMSGSRSV1(card),
    ).to_etree()
    # Fields without end tags end with the line or with the next tag.
    if chance.random() < 0.7:
        ET.indent(root)
    version = chance.choice(chance.choice([[102, 160], [203, 211, 220]]))
    if version >= 200:
        text = str(make_header(version=version)) + ET.tostring(root, encoding="unicode")
        encoded = text.encode()
    else:
        closed = chance.random() < 0.5
        body = ET.tostring(root, encoding="unicode") if closed else tostring_unclosed_elements(root).decode()
        text = str(make_header(version=version)).replace("CHARSET:NONE", "CHARSET:1252") + body
        encoded = text.encode("cp1252")
    return encoded, [line for part in (*lines, on_card) for line in part]


def main(folder, seed):
    chance = random.Random(seed)
    for number in range(STATEMENTS):
        encoded, lines = statement(chance)
        (folder / f"{number}.ofx").write_bytes(encoded)
        (folder / f"{number}.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


main(Path(sys.argv[1]), sys.argv[2])
