"""The tables of the folder that are derived from the events."""

from __future__ import annotations

import csv
import io
import re

from .lines import canonical
from .state import LogState, total

COLUMNS = (
    "grant", "group", "group_name", "fund", "round", "area", "title", "offered_on", "state",
    "award", "paid", "last_position",
)
# Apostrophes at the beginning of a part of a text, which keep it from being read as a formula.
APOSTROPHES = re.compile(r"(^|[;\t\r\n])'+")


def grant_rows(state: LogState) -> list[list[str]]:
    """The rows of `grants.csv`: the titles, and one row for each grant."""
    rows = [list(COLUMNS)]
    for own, grant in sorted(state.grants.items()):
        rows.append([
            own, grant.group, state.groups[grant.group].name, grant.fund, grant.round, grant.area,
            state.summaries.get(own, ""), grant.offered_on, grant.state,
            decimal(total(grant.award)), decimal(total(grant.paid)), str(grant.last_position),
        ])
    return rows


def compare_grants(data: bytes, state: LogState) -> str | None:
    """Where `grants.csv` differs from what the events say, cell by cell. None if nowhere."""
    try:
        text = data.decode("utf-8")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (ValueError, csv.Error) as error:
        return f"grants.csv cannot be read: {error}"
    if not text.endswith("\r\n") or text.count("\r\n") < len(rows):
        return "grants.csv has other line ends"
    expected = grant_rows(state)
    for number, (row, wanted) in enumerate(zip(rows, expected), 1):
        if len(row) != len(wanted):
            return f"row {number} of grants.csv has not {len(wanted)} cells"
        for column, cell, said in zip(COLUMNS, row, wanted):
            if cell != said and APOSTROPHES.sub(r"\1", cell) != APOSTROPHES.sub(r"\1", said):
                return (
                    f"row {number} of grants.csv has {cell[:60]!r} as {column}, "
                    f"and the events say {said[:60]!r}"
                )
    if len(rows) != len(expected):
        return f"grants.csv has {len(rows) - 1} grants, and the events have {len(expected) - 1}"
    return None


def decimal(pence: int) -> str:
    """An amount of money in pounds."""
    return f"{pence // 100}.{pence % 100:02}"


def erasure_line(stream: str, position: int, subject: str) -> bytes:
    """A line of `erasures.jsonl`."""
    line = {"kind": stream, "position": position, "subject": subject}
    return canonical(line).encode() + b"\n"
