"""Replays the log, and checks each rule of the table (docs/rules.md) on the way."""

from __future__ import annotations

from typing import Any

from . import (
    rules_agreements,
    rules_assets,
    rules_barriers,
    rules_days,
    rules_funds,
    rules_gatherings,
    rules_introductions,
    rules_learning,
    rules_office,
    rules_panel,
    rules_payments,
    rules_steps,
)
from .catalogue import read_payload, subjects
from .checks import AT_END, BY_KIND, EACH, Command
from .findings import Findings
from .fold import apply
from .state import Event, LogState

# The modules whose import declares the checks.
ROOMS = (
    rules_steps, rules_office, rules_days, rules_funds, rules_panel, rules_agreements,
    rules_payments, rules_gatherings, rules_assets, rules_introductions, rules_barriers,
    rules_learning,
)
BY_FUND = frozenset({"budget", "fund-open", "fund-bounds", "fund-rules-by-two"})


def rules() -> set[str]:
    """The names of all rules that are checked."""
    declared = [*EACH, *AT_END, *(one for checks in BY_KIND.values() for one in checks)]
    return {rule for rule, _ in declared}


class Replay:
    """Follows the events in their order, and reports what breaks a rule."""

    def __init__(self, findings: Findings) -> None:
        self.state = LogState()
        self._findings = findings
        self._command: Command | None = None

    def take(self, position: int, line: dict[str, Any]) -> None:
        """Checks an event and goes on. Raises ValueError if its payload cannot be read."""
        if self._command and self._command.id != line["command_id"]:
            self.end_command()
        event = Event(
            position, line["stream"], line["id"], line["event"], read_payload(line),
            line["metadata"], line["recorded_at"], line["command_id"],
            frozenset(subjects(line["payload"])),
        )
        if self._command is None:
            roles = frozenset(self.state.roles.get(line["metadata"].get("actor"), ()))
            self._command = Command(event.command_id, roles)
            self.state.acting_as, self.state.gave_up = roles, None
        self.state.programs.take(event)
        for rule, check in (*EACH, *BY_KIND.get(event.kind, ())):
            try:
                for says in check(event, self.state):
                    self._report(rule, event, says)
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                self._report(rule, event, f"it cannot be judged: {error!r}")
        self._command.events.append(event)
        apply(event, self.state)

    def end_command(self) -> None:
        """Checks what must hold after the last event of a command."""
        command, self._command = self._command, None
        if command is None:
            return
        for rule, check in AT_END:
            try:
                for event, says in check(command, self.state):
                    self._report(rule, event, says)
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:
                self._report(rule, command.events[-1], f"it cannot be judged: {error!r}")

    def _report(self, rule: str, event: Event, says: str) -> None:
        """Reports a breach for the record that it is about: the grant, for what a fund does."""
        record = event.id
        if event.stream == "fund" and rule not in BY_FUND:
            record = event.p.get("grant", event.id)
        self._findings.add(event.position, rule, says, record)
