"""Rules about gatherings: who leads one, and who has a place at a session."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import check
from .state import Event, LogState


@check("gathering-led", "gathering.GatheringOpened")
def it_opens_with_a_lead(event: Event, state: LogState) -> Iterator[str]:
    """A gathering opens with a lead, and with a risk check in date if it asks for one."""
    gathering = state.gatherings[event.id]
    if not gathering.leads:
        yield "a gathering opened that no one led"
    if gathering.asks_for_check and gathering.checked_until < event.p["opened_on"]:
        yield "a gathering opened without a risk check that was in date"


@check("gathering-led", "gathering.LeadLeft")
def the_last_lead_stays(event: Event, state: LogState) -> Iterator[str]:
    """While a gathering is open its last lead does not leave."""
    gathering = state.gatherings[event.id]
    if gathering.is_open and not gathering.leads - {event.p["person"]}:
        yield "the last lead left a gathering that was open"


@check("gathering-led", "gathering.LeadTaken")
def the_lead_was_offered(event: Event, state: LogState) -> Iterator[str]:
    """A person takes the lead only if the newest offer was to them."""
    if state.gatherings[event.id].offered_to != event.p["person"]:
        yield "a person took a lead that was not on offer to them"


@check("session-places", "gathering.PlaceTaken")
def there_is_a_place(event: Event, state: LogState) -> Iterator[str]:
    """A session has no more people than places, each of them once."""
    p, gathering = event.p, state.gatherings[event.id]
    session = gathering.sessions[p["session"]]
    if gathering.counted:
        yield "a person signed up by name where people are counted"
    if session.is_full():
        yield "a session has more people than places"
    if p["waited"]:
        if session.waiting[:1] != [p["person"]]:
            yield "a place went to a person who was not the first of those who waited"
    elif p["person"] in session.taken or p["person"] in session.waiting:
        yield "a person signed up twice for a session"


@check("session-places", "gathering.WaitingJoined")
def only_a_full_session_is_waited_for(event: Event, state: LogState) -> Iterator[str]:
    """People wait only while all places are taken, each once and with the next rank."""
    p, gathering = event.p, state.gatherings[event.id]
    session = gathering.sessions[p["session"]]
    if gathering.counted:
        yield "a person signed up by name where people are counted"
    if p["person"] in session.taken or p["person"] in session.waiting:
        yield "a person signed up twice for a session"
    if not session.is_full():
        yield "a person waits for a session that has a free place"
    if p["rank"] != len(session.waiting) + 1:
        yield "a person who waits has not the next rank"


@check("session-places", "gathering.SessionMoved")
def those_with_a_place_keep_it(event: Event, state: LogState) -> Iterator[str]:
    """A session is not given fewer places than people have one."""
    session = state.gatherings[event.id].sessions[event.p["session"]]
    places = event.p["plan"]["places"]
    if places is not None and len(session.taken) > places:
        yield "a session was given fewer places than people have one"
