"""The order of steps: each event comes only in a state of its record that allows it."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import Command, check, check_command
from .state import Event, LogState

# Record, event, the states before it, and the state after it, if it is another. Except for those
# of its kind, a record is named by its identifier and by the event's field of this name.
STEPS = """
organisation OrganisationFounded none founded
person PersonRegistered none registered
person ContactChangeProposed registered
person ContactChangeRefused registered
person ContactChanged registered
person AddressProven registered
person PersonalDataErased registered,erased erased
group GroupRegistered none registered
group GroupCorrected registered,merged
group PayeeProvided registered,merged
group GroupMerged registered merged
group GroupTakenIn registered
fund FundCreated none draft
fund RulesSet draft
fund RulesProposed open,paused
fund RulesConfirmed open,paused
fund FundOpened draft open
fund FundPaused open paused
fund FundResumed paused open
fund FundClosed open,paused closed
fund FundArchived closed archived
fund FundingAllocated draft,open,paused
fund FundingWithdrawn draft,open,paused,closed
fund RoundPlanned draft,open,paused
fund RoundClosed draft,open,paused
fund DecidingStarted draft,open,paused
fund RoundCompleted draft,open,paused
fund PanelMet open
fund BatchSent open,paused
batch BatchSent none sent
round RoundPlanned none planned
round RoundOpened planned open
round RoundExtended open
round RoundClosed open closed
round DecidingStarted closed deciding
round RoundCompleted deciding completed
round PanelMet planned,open,closed,deciding,completed
application ApplicationStarted none draft
application AnswersSaved draft,changes_requested
application ApplicationSubmitted draft submitted
application ChangesRequested submitted,changes_requested changes_requested
application ApplicationResubmitted changes_requested submitted
application EligibilityConfirmed submitted,changes_requested eligible
application EligibilityRefused submitted,changes_requested ineligible
application EligibilityTakenBack eligible,ineligible back
application ScoreGiven eligible,in_assessment in_assessment
application ScoreRevised in_assessment
application ScoreSetAside in_assessment,reserve_list,deferred
application Awarded eligible,in_assessment,deferred,reserve_list awarded
application Declined eligible,in_assessment,deferred,reserve_list declined
application Deferred eligible,in_assessment,reserve_list deferred
application Reserved eligible,in_assessment,deferred reserve_list
application DecisionTakenBack awarded,declined,deferred,reserve_list back
application ReviewRequested ineligible,declined under_review
application ReviewDecided under_review reviewed
application ApplicationWithdrawn draft,submitted,changes_requested,eligible,ineligible,\
in_assessment,reserve_list,deferred,declined,under_review withdrawn
application ApplicationLapsed draft lapsed
application DraftReopened lapsed draft
grant GrantOffered none,taken_back offered
grant AgreementSigned offered
grant AgreementAccepted offered in_force
grant OfferDeclined offered offer_declined
grant OfferLapsed offered offer_lapsed
grant OfferWithdrawn offered offer_withdrawn
grant AwardTakenBack offered,offer_lapsed,offer_withdrawn taken_back
grant CheckRequested offered,in_force
grant CheckPassed offered,in_force
grant CheckReused offered,in_force
grant CheckFailed offered,in_force
grant WaiverProposed offered,in_force
grant CheckWaived offered,in_force
grant PaymentsScheduled in_force
grant VariationRequested in_force
grant VariationApproved in_force
grant VariationRefused in_force
grant AwardGrown in_force
grant GrantHeld in_force
grant GrantResumed in_force
grant GrantTerminated in_force terminated
grant UpdateRequested in_force,terminated
grant UpdateReceived in_force,terminated
grant UpdateAccepted in_force,terminated
grant UpdateQueried in_force,terminated
grant UpdateExcused in_force,terminated
grant UnderspendDeclared in_force,terminated
grant ClawbackDemanded in_force,terminated
grant GrantClosed in_force,terminated closed
grant StoryPublished in_force,terminated,closed
hold GrantHeld none held
hold GrantResumed held none
update UpdateRequested none requested
update UpdateReceived requested,queried received
update UpdateAccepted received accepted
update UpdateQueried received queried
update UpdateExcused requested,queried excused
update UpdateCorrected received,accepted
update OutcomeJudged received,accepted
variation VariationRequested none requested
variation VariationApproved requested approved
variation VariationRefused requested refused
story StoryPublished none published
story StoryWithdrawn published withdrawn
introduction IntroductionAsked none asked
introduction IntroductionAgreed asked agreed
introduction IntroductionMade agreed made
introduction IntroductionWelcomed made welcomed
introduction IntroductionDeclined made declined
introduction IntroductionCameTo welcomed,came_to came_to
introduction IntroductionTakenBack asked,agreed,made,welcomed,declined,came_to,closed taken_back
introduction IntroductionClosed asked,agreed,made,welcomed,declined,came_to closed
introduction IntroductionReminded made
introduction MattersForgotten agreed,made,welcomed,declined,came_to,closed
gathering GatheringPlanned none draft
gathering GatheringDescribed draft,open,ended
gathering GatheringOpened draft open
gathering GatheringEnded draft,open ended
gathering SessionAdded draft,open
gathering SessionMoved draft,open
gathering PlaceTaken open
gathering WaitingJoined open
gathering PlaceGivenUp open
gathering WaitingLeft open
gathering SignUpsCounted open
gathering SessionHeld open
gathering SessionReminded open
gathering LeadOffered draft,open
gathering LeadTaken draft,open
gathering LeadLeft draft,open,ended
gathering HandAskedFor draft,open
gathering HandForgotten draft,open,ended
gathering RiskChecked draft,open
asset AssetRecorded none recorded
asset WordsProposed recorded,published,paused
asset AssetPublished recorded,published published
asset AssetPaused published paused
asset AssetResumed paused published
asset AssetConfirmed published
asset AssetWithdrawn recorded,published,paused withdrawn
asset TieMade recorded,published,paused
asset TieEnded recorded,published,paused,withdrawn
asset KeeperChanged recorded,published,paused
asset ExchangeRecorded recorded,published,paused
asset ExchangeCorrected recorded,published,paused,withdrawn
asset AssetReminded published
asset WordsForgotten withdrawn
barrier BarrierRaised none raised
barrier BarrierSummedUp raised,summed_up summed_up
barrier BarrierJoined raised,summed_up joined
barrier BarrierTakenIn raised,summed_up,passed_on,answered
barrier BarrierPassedOn summed_up,passed_on passed_on
barrier BarrierAnswered passed_on,answered answered
barrier BarrierWithdrawn passed_on,answered,closed raised
barrier BarrierClosed raised,summed_up,passed_on,answered closed
barrier BarrierReminded passed_on
barrier BarrierWordsForgotten raised,summed_up,passed_on,answered,closed,joined
session SessionAdded none planned
session SessionMoved planned
session SessionCancelled planned cancelled
session PlaceTaken planned
session WaitingJoined planned
session PlaceGivenUp planned
session WaitingLeft planned
session SignUpsCounted planned
session SessionHeld planned held
session AttendanceCorrected held
session NotesWritten held
session SessionReminded planned
session NeedsForgotten planned,held,cancelled
gathering StoryChosen open,ended
gathering TallyGiven open,ended
gathering TallyCorrected open,ended
group TallyGiven registered
group TallyCorrected registered,merged
lesson LessonPublished none published
lesson LessonWithdrawn published withdrawn
"""
# The records that are part of another one. Each is named by the event's field of this name.
PARTS = {
    "batch": "fund", "round": "fund", "hold": "grant", "update": "grant", "variation": "grant",
    "story": "grant", "session": "gathering", "lesson": "organisation",
}
# Steps that can be undone: the state before the last of them comes back.
UNDONE = frozenset(
    {
        "EligibilityConfirmed", "EligibilityRefused", "Awarded", "Declined", "Deferred",
        "Reserved", "ReviewRequested",
    }
)


def read_steps() -> dict[str, list[tuple[str, list[str], str | None]]]:
    """By event: the record, the states before it and the state after it."""
    steps: dict[str, list[tuple[str, list[str], str | None]]] = {}
    for line in STEPS.strip().split("\n"):
        record, name, before, *after = line.split()
        kind = f"{PARTS.get(record, record)}.{name}"
        steps.setdefault(kind, []).append((record, before.split(","), after[0] if after else None))
    return steps


BY_EVENT = read_steps()


@check("steps-in-order", *BY_EVENT)
def a_step_is_allowed(event: Event, state: LogState) -> Iterator[str]:
    """An event comes only in a state of its record that allows it, and leads to another."""
    earlier = event.p["grew_from"] if event.name == "GatheringPlanned" else None
    if earlier is not None and ("gathering", earlier, None) not in state.steps:
        yield "the gathering grew from one that nobody had planned"
    for record, before, after in BY_EVENT[event.kind]:
        key = record, event.id, event.p.get(record)
        now = state.steps.get(key, "none")
        if now not in before:
            yield f"{event.name} came when the {record} was in the state {now}"
        if event.name in UNDONE:
            state.before_step[event.id] = now
        if after in ("back", "reviewed"):
            after = state_again(event, state)
        if after is not None:
            state.steps[key] = after


@check_command("steps-in-order")
def a_merged_group_is_taken_in(command: Command, _: LogState) -> Iterator[tuple[Event, str]]:
    """The group that another is merged into takes it in, in the same command."""
    merging: list[Event] = []
    for event in command.of("group.GroupMerged", "group.GroupTakenIn"):
        if event.name == "GroupMerged":
            merging.append(event)
            continue
        pair = event.p["group"], event.id
        own = next((one for one in merging if (one.id, one.p["into"]) == pair), None)
        if own is None:
            yield event, "a group took in another one that was not merged into it"
        else:
            merging.remove(own)
    for event in merging:
        yield event, "the group was merged into one that did not take it in"


def state_again(event: Event, state: LogState) -> str:
    """The state of an application after a step was taken back, or after a review."""
    earlier = state.before_step.get(event.id, "none")
    if event.name != "ReviewDecided" or not event.p["upheld"]:
        return earlier
    return "submitted" if earlier == "ineligible" else "in_assessment"
