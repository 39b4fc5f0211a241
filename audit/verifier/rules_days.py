"""Rules about the days in events, and about fields that earlier programs did not write."""

from __future__ import annotations

from collections.abc import Iterator

from .checks import check
from .lines import moment_or_none
from .state import Event, LogState, london_day

# The day in each event that the program takes from its clock.
OF_CLOCK = {
    "person.PersonRegistered": "registered_on",
    "person.ContactChanged": "changed_on",
    "organisation.RoleEnded": "ended_on",
    "fund.FundingWithdrawn": "withdrawn_on",
    "group.MemberAdded": "added_on",
    "group.MemberRemoved": "removed_on",
    "group.PayeeProvided": "provided_on",
    "group.PayeeVerified": "verified_on",
    "group.CheckFiled": "passed_on",
    "group.GroupMerged": "merged_on",
    "group.GrantEnded": "ended_on",
    "application.ApplicationStarted": "started_on",
    "application.ReviewRequested": "requested_on",
    "grant.PaymentPrepared": "prepared_on",
    "grant.PaymentApproved": "approved_on",
    "grant.GrantHeld": "held_on",
    "grant.ReminderSent": "sent_on",
    "grant.NewsSent": "sent_on",
    "grant.UpdateReceived": "received_on",
    "gathering.GatheringPlanned": "planned_on",
    "gathering.GatheringOpened": "opened_on",
    "gathering.GatheringEnded": "ended_on",
    "gathering.HandAskedFor": "asked_on",
    "asset.AssetRecorded": "recorded_on",
    "asset.AssetPublished": "published_on",
    "asset.AssetResumed": "resumed_on",
    "asset.AssetConfirmed": "confirmed_on",
    "asset.AssetWithdrawn": "withdrawn_on",
    "asset.TieMade": "tied_on",
    "person.ConsentGiven": "given_on",
    "person.ConsentTakenBack": "taken_back_on",
    "introduction.IntroductionAsked": "asked_on",
    "introduction.IntroductionAgreed": "agreed_on",
    "introduction.IntroductionMade": "made_on",
    "introduction.IntroductionWelcomed": "welcomed_on",
    "introduction.IntroductionDeclined": "declined_on",
    "introduction.IntroductionCameTo": "said_on",
    "introduction.IntroductionTakenBack": "taken_back_on",
    "introduction.IntroductionClosed": "closed_on",
    "introduction.IntroductionReminded": "reminded_on",
    "person.PledgeTaken": "taken_on",
    "person.PledgeKept": "kept_on",
    "barrier.BarrierRaised": "raised_on",
    "barrier.BarrierPassedOn": "passed_on",
    "barrier.BarrierAnswered": "answered_on",
    "gathering.StoryChosen": "chosen_on",
    "organisation.LessonPublished": "published_on",
}
# The day in each event that a person enters for what has happened.
ENTERED = {
    "person.PersonTold": "told_on",
    "fund.FundingAllocated": "received_on",
    "fund.PanelMet": "met_on",
    "fund.BatchSent": "sent_on",
    "application.ApplicationSubmitted": "received_on",
    "grant.PaymentSent": "sent_on",
    "grant.PaymentConfirmed": "paid_on",
    "grant.PaymentCorrected": "paid_on",
    "grant.PaymentFailed": "failed_on",
    "grant.PaymentReversed": "reversed_on",
    "grant.ReturnReceived": "received_on",
    "grant.EntrySettled": "happened_on",
    "grant.StoryPublished": "consented_on",
    "asset.ExchangeRecorded": "on",
    "group.TallyGiven": "asked_on",
    "gathering.TallyGiven": "asked_on",
}


def decided_day(event: Event) -> str | None:
    """The day on which an event was decided, if its metadata say it."""
    micros = moment_or_none(event.metadata.get("decided_at"))
    return None if micros is None else london_day(micros)


@check("days-of-the-clock", *OF_CLOCK)
def the_clock_says_the_day(event: Event, _: LogState) -> Iterator[str]:
    """A day that the program takes from its clock is the day of the decision."""
    name = OF_CLOCK[event.kind]
    day, decided_on = event.p[name], decided_day(event)
    if day is not None and decided_on is not None and day != decided_on:
        yield f"{name} is {day}, and it was decided on {decided_on}"


@check("days-of-the-clock", "grant.EntryUnsettled", *ENTERED)
def an_entered_day_has_come(event: Event, _: LogState) -> Iterator[str]:
    """A day that a person enters for what has happened is not after the decision."""
    if event.name == "EntryUnsettled":
        day = event.p["details"]["happened_on"]
    else:
        day = event.p[ENTERED[event.kind]]
    decided_on = decided_day(event)
    if decided_on is not None and day > decided_on:
        yield f"{day} is after the day on which it was decided, {decided_on}"


@check("fields-complete")
def no_field_is_left_out(event: Event, state: LogState) -> Iterator[str]:
    """An event has each field that the program wrote by then."""
    for field in state.programs.left_out_of(event):
        yield f"it has no {field}, and an event before it is of a program that writes one"
