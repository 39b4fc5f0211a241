"""The tables of the folder that are derived from the events."""

from __future__ import annotations

from .lines import canonical
from .state import LogState, total

COLUMNS = (
    "grant", "group", "group_name", "fund", "round", "area", "title", "offered_on", "state",
    "award", "paid", "last_position",
)


def grants_csv(state: LogState) -> bytes:
    """The grants, one a row, sorted by their ids."""
    rows = [",".join(map(quoted, COLUMNS))]
    for own, grant in sorted(state.grants.items()):
        texts = (
            own, grant.group, state.groups[grant.group].name, grant.fund, grant.round, grant.area,
            grant.title, grant.offered_on, grant.state,
        )
        amounts = (decimal(total(grant.award)), decimal(total(grant.paid)))
        rows.append(",".join((*map(quoted, texts), *amounts, str(grant.last_position))))
    return "".join(row + "\r\n" for row in rows).encode()


def quoted(text: str) -> str:
    """A text as a field of RFC 4180."""
    return '"' + text.replace('"', '""') + '"'


def decimal(pence: int) -> str:
    """An amount of money in pounds."""
    return f"{pence // 100}.{pence % 100:02}"


def erasure_line(stream: str, position: int, subject: str) -> bytes:
    """A line of `erasures.jsonl`."""
    line = {"kind": stream, "position": position, "subject": subject}
    return canonical(line).encode() + b"\n"
