"""Rules about the directory: what a person holds stays private, and hours add up."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import check
from .state import Event, LogState


@check("directory-private", "asset.AssetRecorded")
def a_person_is_not_named(event: Event, _: LogState) -> Iterator[str]:
    """What a person holds has words of its own, and every other entry a name."""
    holder, p = event.p["holder"], event.p
    if holder is None and p["kind"] in ("skill", "interest"):
        yield "a skill or an interest is nobody's"
        return
    of_person = holder is not None and holder[0] == "person"
    if of_person == (p["name"] is not None) or of_person != (p["words"] is not None):
        yield "what a person holds has a public name, or another entry has none"


@check("directory-private", "asset.AssetPublished")
def a_person_is_not_listed(event: Event, state: LogState) -> Iterator[str]:
    """What a person holds is never published."""
    holder = state.assets[event.id].holder
    if holder is not None and holder[0] == "person":
        yield "what a person holds was published"


@check("directory-consent", "asset.AssetRecorded")
def skills_are_agreed(event: Event, state: LogState) -> Iterator[str]:
    """What a person holds is recorded only while they agree."""
    holder = event.p["holder"]
    if holder is not None and holder[0] == "person" and (holder[1], "skills") not in state.agreed:
        yield "what a person holds was recorded without their consent"


@check("directory-consent", "asset.ExchangeRecorded")
def hours_are_agreed(event: Event, state: LogState) -> Iterator[str]:
    """A person gives or receives time only while they agree."""
    for kind, party in (event.p["giver"], event.p["receiver"]):
        if kind == "person" and (party, "time_bank") not in state.agreed:
            yield "a person gave or received time who had not agreed to it"
            return


@check("hours-balanced", "asset.ExchangeRecorded")
def an_exchange_has_minutes(event: Event, state: LogState) -> Iterator[str]:
    """An exchange has a minute or more, and the next number."""
    p = event.p
    if p["exchange"] != len(state.assets[event.id].exchanges) + 1:
        yield "an exchange has not the next number of its entry"
    if p["minutes"] == 0:
        yield "an exchange has no minutes"


@check("hours-received", "asset.ExchangeRecorded")
def time_has_two_sides(event: Event, state: LogState) -> Iterator[str]:
    """Time is given to another; groups that were merged count as one."""
    if state.heir_of(event.p["giver"]) == state.heir_of(event.p["receiver"]):
        yield "a group or a person gave time to itself"


@check("hours-received", "asset.ExchangeRecorded", "asset.ExchangeCorrected")
def nobody_counts_for_themselves(event: Event, state: LogState) -> Iterator[str]:
    """Nobody records or corrects time that they gave, as a person or as a member of the group."""
    exchanges, number = state.assets[event.id].exchanges, event.p["exchange"]
    if event.name == "ExchangeRecorded":
        kind, giver = event.p["giver"]
    elif 1 <= number <= len(exchanges):
        kind, giver = exchanges[number - 1][0]
    else:
        return
    groups = state.heirs(giver) if kind == "group" else set()
    members = {member for group in groups for member in state.groups[group].members}
    if event.actor in members or (kind, giver) == ("person", event.actor):
        yield "somebody who gave time recorded or corrected it"


@check("hours-balanced", "asset.ExchangeCorrected")
def only_what_was_recorded_is_corrected(event: Event, state: LogState) -> Iterator[str]:
    """Only an exchange that was recorded is corrected."""
    if not 1 <= event.p["exchange"] <= len(state.assets[event.id].exchanges):
        yield "an exchange was corrected that was not recorded"


@check("hours-balanced", "asset.ExchangeRecorded", "asset.ExchangeCorrected")
def balances_are_nought(_: Event, state: LogState) -> Iterator[str]:
    """The balances of all parties together are nought."""
    if sum(state.balances.values()):
        yield "the balances of the time bank do not add up to nought"
