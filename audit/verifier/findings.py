"""What is wrong with a log, each with the rule and the first position that it is about."""

from __future__ import annotations

from dataclasses import dataclass


class CannotCheck(Exception):
    """The log could not be checked at all: no folder, or a key or head that cannot be read."""


@dataclass
class Finding:
    """One finding. Later findings of the same rule and record are counted in the first."""

    position: int | None
    rule: str
    says: str
    follow_ups: int = 0

    def line(self) -> str:
        """The finding as a line of text."""
        place = "" if self.position is None else f"position {self.position}: "
        more = f" (and {self.follow_ups} more of this kind)" if self.follow_ups else ""
        return f"{place}{self.rule}: {self.says}{more}"


def printable(text: str) -> str:
    """A text that a log may have written, without signs that steer a terminal."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text[:400])


class Findings:
    """Collects findings."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, object], Finding] = {}

    def add(self, position: int | None, rule: str, says: str, record: object = None) -> None:
        """Reports that a rule does not hold for a record, or for the folder as a whole."""
        says = printable(says)
        finding = self._first.get((rule, record))
        if finding is None:
            self._first[rule, record] = Finding(position, rule, says)
            return
        finding.follow_ups += 1
        if position is not None and (finding.position is None or position < finding.position):
            finding.position, finding.says = position, says

    def sorted(self) -> list[Finding]:
        """All findings: those about the folder as a whole first, then by position."""
        return sorted(
            self._first.values(),
            key=lambda one: -1 if one.position is None else one.position,
        )
