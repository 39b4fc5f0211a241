"""How a rule of the table is declared: which events can break it, and what it says if they do.

A check gets the event and the state *before* it, and yields a sentence for each breach. A check at
the end of a command gets the command and the state after its last event, and yields pairs of an
event and a sentence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .state import Event, LogState

Check = Callable[[Event, LogState], Iterator[str]]


@dataclass
class Command:
    """The events that one command caused, and the roles of its actor before the first of them."""

    id: str
    roles_before: frozenset[str]
    events: list[Event] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Event]:
        """The events of these kinds."""
        return [event for event in self.events if event.kind in kinds]


EndCheck = Callable[[Command, LogState], Iterator[tuple[Event, str]]]

EACH: list[tuple[str, Check]] = []
BY_KIND: defaultdict[str, list[tuple[str, Check]]] = defaultdict(list)
AT_END: list[tuple[str, EndCheck]] = []


def check(rule: str, *kinds: str) -> Callable[[Check], Check]:
    """Declares a check of a rule, for events of these kinds or for all."""

    def declare(function: Check) -> Check:
        if not kinds:
            EACH.append((rule, function))
        for kind in kinds:
            BY_KIND[kind].append((rule, function))
        return function

    return declare


def check_command(rule: str) -> Callable[[EndCheck], EndCheck]:
    """Declares a check of a rule at the end of each command."""

    def declare(function: EndCheck) -> EndCheck:
        AT_END.append((rule, function))
        return function

    return declare
