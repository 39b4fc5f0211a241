"""Rules about funds and their money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .checks import Command, check, check_command
from .rules_days import decided_day
from .state import ADMINISTRATOR, Event, Fund, LogState, total

LEAST, MOST = 50_000, 250_000
COMMITS = ("fund.Committed", "fund.CommitmentIncreased")
FREES = ("fund.CommitmentReduced", "fund.CommitmentReleased", "fund.CommitmentTakenBack")


@check(
    "fund-bounds", "fund.FundCreated", "fund.RulesSet", "fund.RulesProposed", "fund.RulesConfirmed"
)
def rules_are_within_bounds(event: Event, _: LogState) -> Iterator[str]:
    """The rules of a fund keep to the bounds of the service."""
    rules = event.p["rules"]
    if rules["minimum"] < LEAST or rules["maximum"] > MOST:
        yield "the fund awards less than £500 or more than £2,500"
    if rules["minimum"] > rules["maximum"]:
        yield "the smallest award is above the largest"
    if not 2 <= rules["eyes"] <= 3:
        yield "a payment takes neither two nor three people"
    if rules["quorum"] < 1:
        yield "the fund asks for no quorum"


@check("fund-rules-by-two", "fund.RulesConfirmed")
def rules_are_confirmed_by_another(event: Event, state: LogState) -> Iterator[str]:
    """Another administrator confirms the rules that one proposed."""
    p, fund = event.p, state.funds.get(event.id)
    proposal = fund and fund.proposal
    if not proposal or proposal.what != p["rules"]["all"]:
        yield "these rules were not the ones that were proposed"
    elif proposal.by == p["confirmed_by"]:
        yield "one person proposed and confirmed the rules"
    elif not state.holds(proposal.by, ADMINISTRATOR):
        yield "the person who proposed the rules is not an administrator"
    if not state.holds(p["confirmed_by"], ADMINISTRATOR):
        yield "a person who is not an administrator confirmed the rules"


@check("fund-rules-by-two", "fund.RulesSet")
def rules_are_set_before_the_fund_opens(event: Event, state: LogState) -> Iterator[str]:
    """One person sets rules only of a fund that has not opened."""
    fund = state.funds.get(event.id)
    if fund and fund.opened:
        yield "one person set the rules of a fund that had opened"


@check("fund-open", "fund.RoundOpened", *COMMITS)
def the_fund_is_open(event: Event, state: LogState) -> Iterator[str]:
    """Rounds open and money is committed only while the fund is open."""
    fund = state.funds.get(event.id)
    if not fund or not fund.is_open:
        yield "the fund was not open"


@check(
    "fund-open", "application.ApplicationSubmitted", "application.ApplicationResubmitted"
)
def the_fund_takes_applications(event: Event, state: LogState) -> Iterator[str]:
    """Applications are sent only while their fund is open."""
    fund = state.fund_of(event.id)
    if not fund or not fund.is_open:
        yield "the fund was not open"


@check("fund-open", "application.ApplicationStarted")
def the_round_takes_applications(event: Event, state: LogState) -> Iterator[str]:
    """An application starts in a round that has opened. A late one also starts after its end."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    p, fund = event.p, state.funds.get(event.p["fund"])
    if not fund or not fund.is_open:
        yield "the fund was not open"
    elif not (p["round"] in fund.rounds if p["late"] else fund.rounds.get(p["round"])):
        yield "the round had not opened, or was completed"


@check("fund-open", "fund.RoundClosed", "fund.RoundExtended")
def a_round_keeps_its_days(event: Event, state: LogState) -> Iterator[str]:
    """A round closes after its last day, and is extended to a later one only."""
    # Earlier programs did not keep this, nor what follows.
    fund, today = state.funds.get(event.id), decided_day(event)
    days = fund and fund.round_days.get(event.p["round"])
    if not days or not state.roles_by_two:
        return
    if event.name == "RoundExtended":
        if event.p["closes_on"] <= days[1]:
            yield "the round was extended to a day that is not later than its last"
    elif today is not None and today <= days[1]:
        yield "the round was closed before its last day was over"


@check(
    "fund-open", "application.ApplicationStarted", "application.ApplicationSubmitted",
    "application.ApplicationResubmitted", "application.ApplicationLapsed",
    "application.DraftReopened",
)
def an_application_keeps_to_the_days(event: Event, state: LogState) -> Iterator[str]:
    """Applications start, come in and come back on the days of their round."""
    today = decided_day(event)
    if today is None or not state.roles_by_two:
        return
    own, p = state.applications.get(event.id), event.p
    if event.name == "ApplicationResubmitted":
        if own and own.changes_due is not None and own.changes_due < today:
            yield "changes came after the day that was set for them"
        return
    place = (p["fund"], p["round"]) if event.name == "ApplicationStarted" else (
        (own.fund, own.round) if own else (None, None)
    )
    fund = state.funds.get(place[0])
    if fund and place[1] in fund.round_days:
        yield from day_of_round(event, fund, place[1], today)


def day_of_round(event: Event, fund: Fund, key: str, today: str) -> Iterator[str]:
    """What is wrong with the day of an event in a round."""
    p, (first, last) = event.p, fund.round_days[key]
    is_day = first <= today <= last
    is_open = is_day and key in fund.open_rounds
    match event.name:
        case "ApplicationStarted":
            if not p["late"] and not is_day:
                yield "the application was started on a day that is none of its round"
        case "ApplicationSubmitted":
            if not first <= p["received_on"] <= last:
                yield "the application was received on a day that is none of its round"
            elif not is_open and (p["channel"] == "web" or p["late_reason"] is None):
                yield "the application was sent after its round was over"
        case "DraftReopened":
            if not is_open:
                yield "a draft came back after its round was over"
        case "ApplicationLapsed":
            if is_day and fund.rounds.get(key):
                yield "a draft lapsed on a day of its round"


@check("budget", *COMMITS)
def money_is_there(event: Event, state: LogState) -> Iterator[str]:
    """A fund commits no more than is free, for the area that the money is for."""
    fund = state.funds.get(event.id)
    for source, amount in event.p["sources"].items():
        if not fund or fund.free(source) < amount:
            yield f"more of the money of {source[0]} was committed than was free"
        if source[1] not in (None, event.p["area"]):
            yield f"money for {source[1]} was committed for {event.p['area']}"


@check("budget", "fund.CommitmentIncreased")
def a_raise_is_for_the_area_of_the_offer(event: Event, state: LogState) -> Iterator[str]:
    """An award is raised with money for the area and the round of its offer."""
    p, grant = event.p, state.grants.get(event.p["grant"])
    if not grant or (p["area"], p["round"]) != (grant.area, grant.round):
        yield "the award was raised for another area or round than it was offered for"


@check("budget", *FREES)
def money_was_committed(event: Event, state: LogState) -> Iterator[str]:
    """No more is given back than was committed for the grant."""
    fund = state.funds.get(event.id)
    for source, amount in event.p["sources"].items():
        if not fund or fund.committed[event.p["grant"]][source] < amount:
            yield f"more of the money of {source[0]} was given back than was committed"


@check("budget", "fund.FundingWithdrawn")
def money_is_free(event: Event, state: LogState) -> Iterator[str]:
    """Only money that is free leaves the fund."""
    fund = state.funds.get(event.id)
    if not fund or fund.free(event.p["source"]) < event.p["amount"]:
        yield f"more of the money of {event.p['source'][0]} left the fund than was free"


@check_command("commitment-matches")
def commitment_matches(command: Command, state: LogState) -> Iterator[tuple[Event, str]]:
    """What a fund has committed for a grant is the award of the grant, after each command."""
    touched: dict[str, Event] = {}
    for event in command.events:
        if event.kind in COMMITS or event.kind in FREES:
            touched.setdefault(event.p["grant"], event)
        elif event.stream == "grant":
            touched.setdefault(event.id, event)
    for own, event in touched.items():
        grant = state.grants.get(own)
        fund = state.funds.get(grant.fund if grant else event.id)
        committed = fund.committed[own] if fund else Counter()
        award = grant.award if grant else Counter()
        elsewhere = sum(
            total(one.committed[own])
            for one in state.funds.values()
            if one is not fund and own in one.committed
        )
        if +committed != +award or elsewhere:
            yield event, (
                f"{pounds(total(committed))} is committed for the grant, "
                f"and its award is {pounds(total(award))}"
            )


def pounds(pence: int) -> str:
    """An amount of money for people."""
    return f"£{pence // 100:,}.{pence % 100:02}"
