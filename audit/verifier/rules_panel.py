"""Rules about applications and the decisions of the panel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .checks import Command, check, check_command
from .rules_funds import LEAST, MOST, pounds
from .state import Event, LogState, total

DECIDING = (
    "application.Awarded",
    "application.Declined",
    "application.Deferred",
    "application.Reserved",
)
SITTING = (*DECIDING, "application.DecisionTakenBack", "grant.VariationApproved")
SECOND = 1_000_000
WINDOW, WINDOW_MARGIN, MOMENT_MARGIN = 600 * SECOND, 10 * SECOND, 60 * SECOND


@check(
    "application-reachable",
    "application.ApplicationSubmitted",
    "application.ApplicationResubmitted",
)
def someone_can_be_reached(event: Event, state: LogState) -> Iterator[str]:
    """Someone in the group could be reached, and the event names all ways to do so."""
    own, ways = state.applications.get(event.id), event.p["reached_by"] or ()
    if not ways:
        if state.ways_named:
            yield "the application was sent, and nobody in the group could be reached"
        return
    groups = [state.groups[one] for one in state.heirs(own.group)] if own else []
    people = {person for group in groups for person in group.members | group.invited.keys()}
    reached = {way for person in people for way in state.people[person].ways}
    if set(ways) != reached:
        yield "the group could be reached in other ways than the application says"


@check("eligible-first", "application.ScoreGiven", *DECIDING)
def it_was_eligible(event: Event, state: LogState) -> Iterator[str]:
    """An application is scored and decided only while it is eligible and not decided for good."""
    own = state.applications.get(event.id)
    if not own or not own.submitted:
        yield "the application had not been sent"
    elif not own.eligible:
        yield "the application was not confirmed as eligible"
    elif own.final:
        yield f"the application had been {own.final}"


@check("declared-before-score", "application.ScoreGiven", "application.ScoreRevised")
def the_scorer_had_declared(event: Event, state: LogState) -> Iterator[str]:
    """A person who scores sits on the panel, and had declared that they have no interest."""
    by = event.p["by"]
    if not state.holds(by, "panel"):
        yield "a person who does not sit on the panel scored"
    yield from declared(event.id, [by], state)


@check("theme-adopted", "application.AnswersSaved")
def the_theme_is_adopted(event: Event, state: LogState) -> Iterator[str]:
    """Answers name a theme that is adopted, once there are any."""
    theme = event.p["activity"]
    if theme is not None and state.themes and theme not in state.themes:
        yield f"the answers name the theme {theme}, which was not adopted"


@check("theme-adopted", "gathering.GatheringPlanned", "gathering.GatheringDescribed")
def the_themes_are_adopted(event: Event, state: LogState) -> Iterator[str]:
    """A gathering has themes that are adopted, once there are any."""
    for theme in event.p["about"]["themes"] or ():
        if state.themes and theme not in state.themes:
            yield f"the gathering has the theme {theme}, which was not adopted"


@check("theme-adopted", "asset.AssetRecorded", "asset.AssetPublished")
def the_themes_of_entries_are_adopted(event: Event, state: LogState) -> Iterator[str]:
    """An entry of the directory has themes that are adopted, once there are any."""
    about = event.p.get("listing") or event.p
    for theme in about["themes"] or ():
        if state.themes and theme not in state.themes:
            yield f"the entry has the theme {theme}, which was not adopted"
            return


@check("theme-adopted", "barrier.BarrierRaised")
def the_theme_of_a_barrier_is_adopted(event: Event, state: LogState) -> Iterator[str]:
    """A barrier has a theme that is adopted, once there are any."""
    theme = event.p["theme"]
    if theme is not None and state.themes and theme not in state.themes:
        yield f"the barrier has the theme {theme}, which was not adopted"


@check("theme-adopted", "grant.GrantOffered")
def the_theme_is_the_applications(event: Event, state: LogState) -> Iterator[str]:
    """An offer has the theme that its application named. Earlier programs wrote none."""
    own, theme = state.applications.get(event.id), event.p["theme"]
    if theme is None and not state.themes:
        return
    if theme != (own.theme if own else None):
        yield "the offer has another theme than its application"


@check("declared-before-score", "application.NoInterestDeclared")
def an_interest_stays(event: Event, state: LogState) -> Iterator[str]:
    """A person who declared an interest does not declare that there is none."""
    own = state.applications.get(event.id)
    if own and event.p["by"] in own.interested:
        yield "the person had declared an interest"


@check_command("declared-before-score")
def a_score_with_an_interest_is_set_aside(
    command: Command, state: LogState
) -> Iterator[tuple[Event, str]]:
    """A score does not count any more once its person declares an interest."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    for event in command.of("application.InterestDeclared"):
        own = state.applications.get(event.id)
        if own and not own.final and event.p["by"] in own.scored:
            yield event, "the score of a person with an interest counts"


@check_command("declared-before-score")
def a_score_is_set_aside_by_its_person(
    command: Command, state: LogState
) -> Iterator[tuple[Event, str]]:
    """A person sets their own score aside, or an administrator without an interest does."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    helped = {(one.id, one.p["helper"]) for one in command.of("application.HelpConfirmed")}
    for event in command.of("application.ScoreSetAside"):
        own, of, by = state.applications.get(event.id), event.p["of"], event.p["by"]
        if (event.id, of) in helped or by == event.actor == of:
            continue
        may = by == event.actor and "administrator" in command.roles_before
        if not may or not own or own.declared.get(by) is not False:
            yield event, "a person who may not set it aside set a score aside"


def declared(application: str, people: list[str], state: LogState) -> Iterator[str]:
    """Each of the people has no interest, by their last declaration."""
    own = state.applications.get(application)
    for person in people:
        interest = own.declared.get(person) if own else None
        if interest is None:
            yield f"{person} had not declared that they have no interest"
        elif interest:
            yield f"{person} had declared an interest"


def sitting_of(event: Event) -> dict[str, Any] | None:
    """Who sat, if it was a decision of the panel."""
    return event.p["sitting"]


@check("decision-by-panel", *SITTING)
def the_panel_decides(event: Event, state: LogState) -> Iterator[str]:
    """A panel member records a decision, and everyone who is present sits on the panel."""
    sitting = sitting_of(event)
    if sitting is None:
        return
    if not state.holds(event.actor, "panel"):
        yield "a person who does not sit on the panel recorded a decision"
    recorded_by = sitting["recorded_by"]
    if recorded_by is None:
        # Earlier programs wrote neither who recorded it nor the quorum.
        if state.roles_by_two:
            yield "the decision does not name who recorded it"
    elif recorded_by != event.actor:
        yield "the decision was recorded in the name of another person"
    if event.actor not in sitting["present"]:
        yield "the person who recorded the decision is not named as present"
    for person in sitting["present"]:
        if not state.holds(person, "panel"):
            yield f"{person} is named as present, and does not sit on the panel"


@check("decision-declared", *SITTING)
def those_present_had_declared(event: Event, state: LogState) -> Iterator[str]:
    """Everyone who is present had declared that they have no interest."""
    sitting = sitting_of(event)
    if sitting is not None:
        yield from declared(event.id, sitting["present"], state)


@check("quorum", *DECIDING, "grant.VariationApproved")
def a_quorum_is_present(event: Event, state: LogState) -> Iterator[str]:
    """As many people are present as the rules of the fund ask for."""
    sitting, fund = sitting_of(event), state.fund_of(event.id)
    if sitting is None and event.p["more"]:
        yield "an award was raised, and nobody is named as present"
    if sitting is None or fund is None:
        return
    needed = fund.rules["quorum"]
    if len(set(sitting["present"])) < needed:
        yield f"{len(set(sitting['present']))} are named as present, and {needed} are needed"
    # Earlier programs did not write it.
    if sitting["quorum"] != needed and (sitting["quorum"] is not None or state.roles_by_two):
        yield f"the decision says that {sitting['quorum']} are needed, and the rules say {needed}"


@check("quorum", "application.DecisionTakenBack")
def a_quorum_takes_back(event: Event, state: LogState) -> Iterator[str]:
    """An award that its quorum has confirmed is taken back by as many."""
    own, present = state.applications.get(event.id), set(event.p["sitting"]["present"])
    if not present:
        yield "nobody is named as present"
    if not own or not own.decisions or own.decisions[-1].name != "Awarded":
        return
    last = own.decisions[-1]
    needed = state.quorum_of(event.id)
    is_confirmed = confirms(last.sitting, own.confirmed[last.number])
    if is_confirmed >= needed > len(present):
        yield f"{len(present)} took back an award that {needed} had confirmed"


def confirms(sitting: dict[str, Any], confirmed: set[str]) -> int:
    """How many of those present have confirmed it. Without `recorded_by` all count."""
    present = set(sitting["present"])
    if sitting["recorded_by"] is None:
        return len(present)
    return len(present & (confirmed | {sitting["recorded_by"]}))


@check("quorum-confirmed", "grant.PaymentPrepared", "grant.VariationApproved")
def the_quorum_has_confirmed(event: Event, state: LogState) -> Iterator[str]:
    """The quorum has confirmed the decision and the last raise before money is paid."""
    if event.name == "VariationApproved" and sitting_of(event) is None:
        return
    own, grant = state.applications.get(event.id), state.grants.get(event.id)
    if own and own.decisions and event.name == "PaymentPrepared":
        last = own.decisions[-1]
        if confirms(last.sitting, own.confirmed[last.number]) < (last.sitting["quorum"] or 0):
            yield "too few of those present have confirmed the decision"
    if grant and grant.raised:
        number, sitting = grant.raised
        if confirms(sitting, grant.confirmed[number]) < (sitting["quorum"] or 0):
            yield "too few of those present have confirmed the last raise of the award"


@check("review-by-another", "application.ReviewDecided")
def another_person_reviews(event: Event, state: LogState) -> Iterator[str]:
    """A person decides a review who did not take the decision, and has no interest."""
    # Earlier programs did not keep this.
    if not state.roles_by_two:
        return
    own, by = state.applications.get(event.id), event.p["by"]
    if own and own.adverse and by in own.adverse[-1]:
        yield f"{by} reviewed a decision that they had taken"
    yield from declared(event.id, [by], state)


@check("award-bounds", "application.Awarded")
def an_award_is_within_bounds(event: Event, state: LogState) -> Iterator[str]:
    """An award is within the bounds of its fund and of the service."""
    amount, fund = event.p["terms"]["amount"], state.fund_of(event.id)
    least = max(LEAST, fund.rules["minimum"] if fund else 0)
    most = min(MOST, fund.rules["maximum"] if fund else MOST)
    if not least <= amount <= most:
        yield f"{pounds(amount)} is not between {pounds(least)} and {pounds(most)}"


@check("award-bounds", "grant.AwardGrown")
def a_raised_award_is_within_bounds(event: Event, state: LogState) -> Iterator[str]:
    """A raised award is at most the maximum."""
    grant = state.grants.get(event.id)
    fund = grant and state.funds.get(grant.fund)
    most = min(MOST, fund.rules["maximum"] if fund else MOST)
    amount = total(event.p["sources"]) + (total(grant.award) if grant else 0)
    if amount > most:
        yield f"the award is {pounds(amount)} after the change, and at most {pounds(most)}"


@check_command("whole-award")
def an_award_is_whole(command: Command, state: LogState) -> Iterator[tuple[Event, str]]:
    """Decision, commitment and offer of an award are in one command, with one amount."""
    parts: dict[str, dict[str, tuple[Event, int]]] = {}
    for event in command.of("application.Awarded", "fund.Committed", "grant.GrantOffered"):
        own = event.p["grant"] if event.stream == "fund" else event.id
        amount = event.p["terms"]["amount"] if event.name == "Awarded" else total(
            event.p["sources"]
        )
        if event.name in parts.setdefault(own, {}):
            yield event, "the award is twice in its command"
        parts[own][event.name] = event, amount
    for own, found in parts.items():
        first = min((event for event, _ in found.values()), key=lambda event: event.position)
        if len(found) < 3:
            yield first, "decision, commitment and offer are not all in one command"
        elif len({amount for _, amount in found.values()}) > 1:
            yield first, "decision, commitment and offer are not of the same amount"
        if not is_of_application(own, [event for event, _ in found.values()], state):
            yield first, "its parts differ, or are not of the fund, group or round applied to"


def is_of_application(application: str, parts: list[Event], state: LogState) -> bool:
    """Whether the parts say the same of the award, with what the application was made for."""
    own = state.applications.get(application)
    if own is None:
        return False
    areas, days, letters, conditions = set(), set(), set(), []
    places = {(own.fund, own.group, own.round)}
    for event in parts:
        terms = event.p["terms"] if event.name == "Awarded" else event.p
        areas.add(terms["area"])
        if event.stream == "fund":
            places.add((event.id, own.group, event.p["round"]))
            continue
        days.add((terms["ends_on"], terms["update_due_on"]))
        conditions.append(
            {key: (one["text"], bool(one["one_instalment"]))
             for key, one in terms["conditions"].items()}
        )
        if event.name == "GrantOffered":
            places.add((event.p["fund"], event.p["group"], event.p["round"]))
            letters.add(event.p["letters_on"])
        else:
            letters.add((event.p["letter"] or {}).get("letters_on"))
    same = all(one == conditions[0] for one in conditions)
    return same and len(places) == 1 and max(map(len, (areas, days, letters))) <= 1


@check("taken-back-in-time", "application.DecisionTakenBack")
def a_decision_is_taken_back_in_time(event: Event, state: LogState) -> Iterator[str]:
    """A decision is taken back while its letter is held, a decline within ten minutes too."""
    own = state.applications.get(event.id)
    if not own or not own.decisions:
        yield "there was no decision to take back"
        return
    last = own.decisions[-1]
    if last.letter_held:
        return
    if last.until is None:
        yield "the group could have heard of the decision"
    elif event.recorded_at >= last.until + MOMENT_MARGIN:
        yield "the time in which the decision could be taken back was over"


@check("taken-back-in-time", "application.EligibilityTakenBack")
def eligibility_is_taken_back_in_time(event: Event, state: LogState) -> Iterator[str]:
    """The word about the eligibility is taken back in time, before anything rests on it."""
    own = state.applications.get(event.id)
    if not own or own.eligible_until is None:
        yield "there was no word about the eligibility that can be taken back"
    elif event.recorded_at >= own.eligible_until + MOMENT_MARGIN:
        yield "the time in which the eligibility could be taken back was over"
    elif not own.undisturbed:
        yield "something else had happened to the application since"


@check(
    "taken-back-in-time",
    "application.EligibilityConfirmed",
    "application.EligibilityRefused",
    "application.Declined",
)
def the_window_is_short(event: Event, _: LogState) -> Iterator[str]:
    """A step can be taken back for ten minutes."""
    until = event.p["take_back_until"]
    if until is not None and until > event.recorded_at + WINDOW + WINDOW_MARGIN:
        yield "it can be taken back for more than ten minutes"


@check_command("taken-back-in-time")
def nothing_remains_of_an_award(command: Command, state: LogState) -> Iterator[tuple[Event, str]]:
    """Nothing is committed for an award that was taken back."""
    for event in command.of("application.DecisionTakenBack", "grant.AwardTakenBack"):
        if event.name == "DecisionTakenBack" and event.p["decision"] not in ("award", "promote"):
            continue
        fund, grant = state.fund_of(event.id), state.grants.get(event.id)
        if fund and total(fund.committed[event.id]):
            yield event, "money is still committed for the award that was taken back"
        elif grant and grant.state != "taken_back":
            yield event, "the offer of the award that was taken back is still there"


@check_command("taken-back-in-time")
def an_award_goes_with_its_decision(command: Command, _: LogState) -> Iterator[tuple[Event, str]]:
    """The offer and the commitment of an award are taken back after its decision."""
    decided = set()
    for event in command.events:
        if event.name == "DecisionTakenBack" and event.p["decision"] == "award":
            decided.add(event.id)
        elif event.name in ("AwardTakenBack", "CommitmentTakenBack"):
            own = event.p["grant"] if event.stream == "fund" else event.id
            if own not in decided:
                yield event, "an award was taken back, and no decision was"
