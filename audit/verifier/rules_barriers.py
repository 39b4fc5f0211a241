"""Rules about pledges and barriers."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import Command, check, check_command
from .state import Event, LogState


@check("pledge-in-force", "organisation.PledgesPublished")
def pledges_have_the_next_version(event: Event, state: LogState) -> Iterator[str]:
    """Pledges are published as the next version, each key once."""
    keys = [pledge["pledge"] for pledge in event.p["pledges"]]
    if event.p["version"] != state.pledges_version + 1:
        yield "the pledges are not the next version"
    if len(set(keys)) != len(keys):
        yield "two pledges have the same key"


@check("pledge-in-force", "person.PledgeTaken")
def the_pledge_stands(event: Event, state: LogState) -> Iterator[str]:
    """A pledge that is taken stands in the newest version, which the event names."""
    pledge, version = event.p["pledge"], event.p["version"]
    if version != state.pledges_version or pledge not in state.pledge_keys:
        yield f"the pledge {pledge} does not stand in version {version}"


@check("pledge-in-force", "person.PledgeKept", "person.PledgeDropped")
def the_pledge_is_open(event: Event, state: LogState) -> Iterator[str]:
    """A pledge is kept or dropped by someone who took it."""
    pledge = event.p["pledge"]
    if pledge not in state.people[event.id].pledges:
        yield f"the person has no open pledge {pledge}"


@check("answer-after-passing-on", "barrier.BarrierAnswered")
def it_was_passed_on(event: Event, state: LogState) -> Iterator[str]:
    """A barrier is answered after it was passed on, and something else comes of it each time."""
    barrier = state.barriers[event.id]
    if not barrier.passed_on:
        yield "a barrier was answered before it was passed on"
    elif barrier.comes_to == event.p["comes_to"]:
        yield "a barrier was answered again, and the same comes of it"


@check("answer-after-passing-on", "barrier.BarrierWithdrawn")
def everyone_could_read_it(event: Event, state: LogState) -> Iterator[str]:
    """What is withdrawn was passed on, so that everyone could read it."""
    if not state.barriers[event.id].passed_on:
        yield "a barrier was withdrawn that nobody could read"


@check("answer-after-passing-on", "barrier.BarrierTakenIn")
def it_takes_in_everyone(event: Event, state: LogState) -> Iterator[str]:
    """A barrier takes in all who raised the one that is joined to it."""
    joined = event.p["joined"]
    if state.joining != (joined, event.id):
        yield "a barrier took in one that was not joined to it"
    elif state.barriers[joined].raised_by != set(event.p["raised_by"]):
        yield "a barrier did not take in those who raised the other one"


@check_command("answer-after-passing-on")
def what_is_joined_is_taken_in(command: Command, state: LogState) -> Iterator[tuple[Event, str]]:
    """A barrier is taken in by the command that joins it."""
    if state.joining is not None:
        state.joining = None
        yield command.events[-1], "a barrier was joined to another one that did not take it in"
