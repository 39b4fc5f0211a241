//! The order of steps: each event comes only in a state of its record that allows it.
//!
//! Unlike the aggregates, which store what their commands need, this room stores one state for each
//! record and each part of a record. The allowed steps come from one table, which
//! `docs/reference/log-format.md` repeats.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::gathering::session_number;
use crate::domain::{
    ApplicationEvent, Event, FundEvent, GatheringEvent, GrantEvent, GroupEvent, OrganisationEvent,
    Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

/// A record or a part of one, an event, the states in which it is allowed, and the state that it
/// leads to: the same if this is empty, the one before the step that is undone if it is
/// [`UNDONE`], and what [`state_after_review`] says if it is [`REVIEWED`].
type AllowedStep = (&'static str, &'static str, &'static str, &'static str);

/// The state of a record that no step has led to.
const NONE: &str = "none";
const UNDONE: &str = "back";
const REVIEWED: &str = "reviewed";

const STEPS: &[AllowedStep] = &[
    ("organisation", "OrganisationFounded", "none", "founded"),
    ("person", "PersonRegistered", "none", "registered"),
    ("person", "ContactChangeProposed", "registered", ""),
    ("person", "ContactChangeRefused", "registered", ""),
    ("person", "ContactChanged", "registered", ""),
    ("person", "AddressProven", "registered", ""),
    (
        "person",
        "PersonalDataErased",
        "registered erased",
        "erased",
    ),
    ("group", "GroupRegistered", "none", "registered"),
    ("group", "GroupCorrected", "registered merged", ""),
    ("group", "PayeeProvided", "registered merged", ""),
    ("group", "GroupMerged", "registered", "merged"),
    ("group", "GroupTakenIn", "registered", ""),
    ("fund", "FundCreated", "none", "draft"),
    ("fund", "RulesSet", "draft", ""),
    ("fund", "RulesProposed", "open paused", ""),
    ("fund", "RulesConfirmed", "open paused", ""),
    ("fund", "FundOpened", "draft", "open"),
    ("fund", "FundPaused", "open", "paused"),
    ("fund", "FundResumed", "paused", "open"),
    ("fund", "FundClosed", "open paused", "closed"),
    ("fund", "FundArchived", "closed", "archived"),
    ("fund", "FundingAllocated", "draft open paused", ""),
    ("fund", "FundingWithdrawn", "draft open paused closed", ""),
    ("fund", "RoundPlanned", "draft open paused", ""),
    ("fund", "RoundClosed", "draft open paused", ""),
    ("fund", "DecidingStarted", "draft open paused", ""),
    ("fund", "RoundCompleted", "draft open paused", ""),
    ("fund", "PanelMet", "open", ""),
    ("fund", "BatchSent", "open paused", ""),
    ("batch", "BatchSent", "none", "sent"),
    ("round", "RoundPlanned", "none", "planned"),
    ("round", "RoundOpened", "planned", "open"),
    ("round", "RoundExtended", "open", ""),
    ("round", "RoundClosed", "open", "closed"),
    ("round", "DecidingStarted", "closed", "deciding"),
    ("round", "RoundCompleted", "deciding", "completed"),
    (
        "round",
        "PanelMet",
        "planned open closed deciding completed",
        "",
    ),
    ("application", "ApplicationStarted", "none", "draft"),
    ("application", "AnswersSaved", "draft changes_requested", ""),
    ("application", "ApplicationSubmitted", "draft", "submitted"),
    (
        "application",
        "ChangesRequested",
        "submitted changes_requested",
        "changes_requested",
    ),
    (
        "application",
        "ApplicationResubmitted",
        "changes_requested",
        "submitted",
    ),
    (
        "application",
        "EligibilityConfirmed",
        "submitted changes_requested",
        "eligible",
    ),
    (
        "application",
        "EligibilityRefused",
        "submitted changes_requested",
        "ineligible",
    ),
    (
        "application",
        "EligibilityTakenBack",
        "eligible ineligible",
        "back",
    ),
    (
        "application",
        "ScoreGiven",
        "eligible in_assessment",
        "in_assessment",
    ),
    ("application", "ScoreRevised", "in_assessment", ""),
    (
        "application",
        "ScoreSetAside",
        "in_assessment reserve_list deferred",
        "",
    ),
    (
        "application",
        "Awarded",
        "eligible in_assessment deferred reserve_list",
        "awarded",
    ),
    (
        "application",
        "Declined",
        "eligible in_assessment deferred reserve_list",
        "declined",
    ),
    (
        "application",
        "Deferred",
        "eligible in_assessment reserve_list",
        "deferred",
    ),
    (
        "application",
        "Reserved",
        "eligible in_assessment deferred",
        "reserve_list",
    ),
    (
        "application",
        "DecisionTakenBack",
        "awarded declined deferred reserve_list",
        "back",
    ),
    (
        "application",
        "ReviewRequested",
        "ineligible declined",
        "under_review",
    ),
    ("application", "ReviewDecided", "under_review", "reviewed"),
    (
        "application",
        "ApplicationWithdrawn",
        "draft submitted changes_requested eligible ineligible in_assessment reserve_list \
         deferred declined under_review",
        "withdrawn",
    ),
    ("application", "ApplicationLapsed", "draft", "lapsed"),
    ("application", "DraftReopened", "lapsed", "draft"),
    ("grant", "GrantOffered", "none taken_back", "offered"),
    ("grant", "AgreementSigned", "offered", ""),
    ("grant", "AgreementAccepted", "offered", "in_force"),
    ("grant", "OfferDeclined", "offered", "offer_declined"),
    ("grant", "OfferLapsed", "offered", "offer_lapsed"),
    ("grant", "OfferWithdrawn", "offered", "offer_withdrawn"),
    (
        "grant",
        "AwardTakenBack",
        "offered offer_lapsed offer_withdrawn",
        "taken_back",
    ),
    ("grant", "CheckRequested", "offered in_force", ""),
    ("grant", "CheckPassed", "offered in_force", ""),
    ("grant", "CheckReused", "offered in_force", ""),
    ("grant", "CheckFailed", "offered in_force", ""),
    ("grant", "WaiverProposed", "offered in_force", ""),
    ("grant", "CheckWaived", "offered in_force", ""),
    ("grant", "PaymentsScheduled", "in_force", ""),
    ("grant", "VariationRequested", "in_force", ""),
    ("grant", "VariationApproved", "in_force", ""),
    ("grant", "VariationRefused", "in_force", ""),
    ("grant", "AwardGrown", "in_force", ""),
    ("grant", "GrantHeld", "in_force", ""),
    ("grant", "GrantResumed", "in_force", ""),
    ("grant", "GrantTerminated", "in_force", "terminated"),
    ("grant", "UpdateRequested", "in_force terminated", ""),
    ("grant", "UpdateReceived", "in_force terminated", ""),
    ("grant", "UpdateAccepted", "in_force terminated", ""),
    ("grant", "UpdateQueried", "in_force terminated", ""),
    ("grant", "UpdateExcused", "in_force terminated", ""),
    ("grant", "UnderspendDeclared", "in_force terminated", ""),
    ("grant", "ClawbackDemanded", "in_force terminated", ""),
    ("grant", "GrantClosed", "in_force terminated", "closed"),
    ("grant", "StoryPublished", "in_force terminated closed", ""),
    ("hold", "GrantHeld", "none", "held"),
    ("hold", "GrantResumed", "held", "none"),
    ("update", "UpdateRequested", "none", "requested"),
    ("update", "UpdateReceived", "requested queried", "received"),
    ("update", "UpdateAccepted", "received", "accepted"),
    ("update", "UpdateQueried", "received", "queried"),
    ("update", "UpdateExcused", "requested queried", "excused"),
    ("update", "UpdateCorrected", "received accepted", ""),
    ("update", "OutcomeJudged", "received accepted", ""),
    ("variation", "VariationRequested", "none", "requested"),
    ("variation", "VariationApproved", "requested", "approved"),
    ("variation", "VariationRefused", "requested", "refused"),
    ("story", "StoryPublished", "none", "published"),
    ("story", "StoryWithdrawn", "published", "withdrawn"),
    ("gathering", "GatheringPlanned", "none", "draft"),
    ("gathering", "GatheringDescribed", "draft open ended", ""),
    ("gathering", "GatheringOpened", "draft", "open"),
    ("gathering", "GatheringEnded", "draft open", "ended"),
    ("gathering", "SessionAdded", "draft open", ""),
    ("gathering", "SessionMoved", "draft open", ""),
    ("gathering", "PlaceTaken", "open", ""),
    ("gathering", "WaitingJoined", "open", ""),
    ("gathering", "PlaceGivenUp", "open", ""),
    ("gathering", "WaitingLeft", "open", ""),
    ("gathering", "SignUpsCounted", "open", ""),
    ("gathering", "SessionHeld", "open", ""),
    ("gathering", "SessionReminded", "open", ""),
    ("gathering", "LeadOffered", "draft open", ""),
    ("gathering", "LeadTaken", "draft open", ""),
    ("gathering", "LeadLeft", "draft open ended", ""),
    ("gathering", "HandAskedFor", "draft open", ""),
    ("gathering", "HandForgotten", "draft open ended", ""),
    ("gathering", "RiskChecked", "draft open", ""),
    ("asset", "AssetRecorded", "none", "recorded"),
    ("asset", "WordsProposed", "recorded published paused", ""),
    ("asset", "AssetPublished", "recorded published", "published"),
    ("asset", "AssetPaused", "published", "paused"),
    ("asset", "AssetResumed", "paused", "published"),
    ("asset", "AssetConfirmed", "published", ""),
    (
        "asset",
        "AssetWithdrawn",
        "recorded published paused",
        "withdrawn",
    ),
    ("asset", "TieMade", "recorded published paused", ""),
    (
        "asset",
        "TieEnded",
        "recorded published paused withdrawn",
        "",
    ),
    ("asset", "KeeperChanged", "recorded published paused", ""),
    ("asset", "ExchangeRecorded", "recorded published paused", ""),
    (
        "asset",
        "ExchangeCorrected",
        "recorded published paused withdrawn",
        "",
    ),
    ("asset", "AssetReminded", "published", ""),
    ("asset", "WordsForgotten", "withdrawn", ""),
    ("barrier", "BarrierRaised", "none", "raised"),
    (
        "barrier",
        "BarrierSummedUp",
        "raised summed_up",
        "summed_up",
    ),
    ("barrier", "BarrierJoined", "raised summed_up", "joined"),
    (
        "barrier",
        "BarrierTakenIn",
        "raised summed_up passed_on answered",
        "",
    ),
    (
        "barrier",
        "BarrierPassedOn",
        "summed_up passed_on",
        "passed_on",
    ),
    (
        "barrier",
        "BarrierAnswered",
        "passed_on answered",
        "answered",
    ),
    (
        "barrier",
        "BarrierWithdrawn",
        "passed_on answered closed",
        "raised",
    ),
    (
        "barrier",
        "BarrierClosed",
        "raised summed_up passed_on answered",
        "closed",
    ),
    ("barrier", "BarrierReminded", "passed_on", ""),
    (
        "barrier",
        "BarrierWordsForgotten",
        "raised summed_up passed_on answered closed joined",
        "",
    ),
    ("session", "SessionAdded", "none", "planned"),
    ("session", "SessionMoved", "planned", ""),
    ("session", "SessionCancelled", "planned", "cancelled"),
    ("session", "PlaceTaken", "planned", ""),
    ("session", "WaitingJoined", "planned", ""),
    ("session", "PlaceGivenUp", "planned", ""),
    ("session", "WaitingLeft", "planned", ""),
    ("session", "SignUpsCounted", "planned", ""),
    ("session", "SessionHeld", "planned", "held"),
    ("session", "AttendanceCorrected", "held", ""),
    ("session", "NotesWritten", "held", ""),
    ("session", "SessionReminded", "planned", ""),
    ("session", "NeedsForgotten", "planned held cancelled", ""),
    ("introduction", "IntroductionAsked", "none", "asked"),
    ("introduction", "IntroductionAgreed", "asked", "agreed"),
    ("introduction", "IntroductionMade", "agreed", "made"),
    ("introduction", "IntroductionWelcomed", "made", "welcomed"),
    ("introduction", "IntroductionDeclined", "made", "declined"),
    (
        "introduction",
        "IntroductionCameTo",
        "welcomed came_to",
        "came_to",
    ),
    (
        "introduction",
        "IntroductionTakenBack",
        "asked agreed made welcomed declined came_to closed",
        "taken_back",
    ),
    (
        "introduction",
        "IntroductionClosed",
        "asked agreed made welcomed declined came_to",
        "closed",
    ),
    ("introduction", "IntroductionReminded", "made", ""),
    (
        "introduction",
        "MattersForgotten",
        "agreed made welcomed declined came_to closed",
        "",
    ),
    ("gathering", "StoryChosen", "open ended", ""),
    ("gathering", "TallyGiven", "open ended", ""),
    ("gathering", "TallyCorrected", "open ended", ""),
    ("group", "TallyGiven", "registered", ""),
    ("group", "TallyCorrected", "registered merged", ""),
    ("lesson", "LessonPublished", "none", "published"),
    ("lesson", "LessonWithdrawn", "published", "withdrawn"),
];

/// Parts of a record, with the stream of the record.
const PARTS: &[(&str, &str)] = &[
    ("batch", "fund"),
    ("round", "fund"),
    ("hold", "grant"),
    ("update", "grant"),
    ("variation", "grant"),
    ("story", "grant"),
    ("session", "gathering"),
    ("lesson", "organisation"),
];

pub(super) struct StepOrder {
    /// By stream and event.
    by_event: BTreeMap<(&'static str, &'static str), Vec<&'static AllowedStep>>,
    /// By kind of record or part, record and name of the part.
    states: BTreeMap<(&'static str, Uuid, String), &'static str>,
    /// By application: the state before the last step that can be undone.
    earlier: BTreeMap<Uuid, &'static str>,
    /// The groups that the current command merged and that no group has taken in yet.
    merging: Vec<Merger>,
}

/// A group that was merged into another one.
struct Merger {
    position: i64,
    group: Uuid,
    into: Uuid,
}

impl Default for StepOrder {
    fn default() -> Self {
        let mut by_event: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for step in STEPS {
            let (record, event, ..) = *step;
            let part = PARTS.iter().find(|(part, _)| *part == record);
            let stream = part.map_or(record, |(_, stream)| *stream);
            by_event.entry((stream, event)).or_default().push(step);
        }
        Self {
            by_event,
            states: BTreeMap::new(),
            earlier: BTreeMap::new(),
            merging: Vec::new(),
        }
    }
}

impl RuleRoom for StepOrder {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::StepsInOrder]
    }

    fn check(&mut self, event: &RecordedEvent, _before: &LogState, broken: &mut Broken<'_>) {
        let id = event.stream;
        self.check_growth(&event.event, broken);
        let steps = self.by_event.get(&event.event.kind());
        for (record, name, before, after) in steps.into_iter().flatten().copied() {
            let key = (*record, id, name_of_part(record, &event.event));
            let now = self.states.get(&key).copied().unwrap_or(NONE);
            if !before.split(' ').any(|allowed| allowed == now) {
                let says = format!("{name} came when the {record} was in the state {now}");
                broken.report(Rule::StepsInOrder, says);
            }
            let earlier = self.earlier.get(&id).copied().unwrap_or(NONE);
            if can_be_undone(&event.event) {
                self.earlier.insert(id, now);
            }
            let next = match *after {
                "" => continue,
                UNDONE => earlier,
                REVIEWED => state_after_review(&event.event, earlier),
                state => state,
            };
            self.states.insert(key, next);
        }
        if let Event::Group(happened) = &event.event {
            self.follow_merger(event, happened, broken);
        }
    }

    fn end_command(&mut self, _after: &LogState, broken: &mut Broken<'_>) {
        for merger in self.merging.drain(..) {
            let says = "a group was merged into one that did not take it in";
            broken.report_at(merger.position, merger.group, Rule::StepsInOrder, says);
        }
    }
}

impl StepOrder {
    /// Checks that a gathering grew from one that was there, so that none grows from itself.
    fn check_growth(&self, event: &Event, broken: &mut Broken<'_>) {
        if let Event::Gathering(GatheringEvent::GatheringPlanned {
            grew_from: Some(earlier),
            ..
        }) = event
        {
            let is_there = self
                .states
                .contains_key(&("gathering", earlier.0, String::new()));
            let says = "a gathering grew from one that nobody had planned";
            broken.unless(is_there, Rule::StepsInOrder, says);
        }
    }

    /// Checks that a group is taken in where it was merged into. One that was merged itself takes
    /// in no other, so that mergers make no circle.
    fn follow_merger(
        &mut self,
        event: &RecordedEvent,
        happened: &GroupEvent,
        broken: &mut Broken<'_>,
    ) {
        match happened {
            GroupEvent::GroupMerged { into, .. } => self.merging.push(Merger {
                position: event.position,
                group: event.stream,
                into: into.0,
            }),
            GroupEvent::GroupTakenIn { group } => {
                let merger = self
                    .merging
                    .iter()
                    .position(|merger| (merger.group, merger.into) == (group.0, event.stream));
                if let Some(at) = merger {
                    self.merging.remove(at);
                } else {
                    let says = "a group took in another one that was not merged into it";
                    broken.report(Rule::StepsInOrder, says);
                }
            }
            _ => {}
        }
    }
}

/// Whether a later event can bring the state before this one back.
fn can_be_undone(event: &Event) -> bool {
    use ApplicationEvent as E;
    matches!(
        event,
        Event::Application(
            E::EligibilityConfirmed { .. }
                | E::EligibilityRefused { .. }
                | E::Awarded { .. }
                | E::Declined { .. }
                | E::Deferred { .. }
                | E::Reserved { .. }
                | E::ReviewRequested { .. }
        )
    )
}

/// The state of an application after its review: the one before the group asked for it, or, if the
/// review was upheld, the one in which it is looked at again.
fn state_after_review(event: &Event, earlier: &'static str) -> &'static str {
    let is_upheld = matches!(
        event,
        Event::Application(ApplicationEvent::ReviewDecided { upheld: true, .. })
    );
    match (is_upheld, earlier) {
        (false, _) => earlier,
        (true, "ineligible") => "submitted",
        (true, _) => "in_assessment",
    }
}

/// Which of the parts of a record an event is about. Empty if it is about the record, or if the
/// record has one such part.
fn name_of_part(part: &str, event: &Event) -> String {
    match (part, event) {
        ("batch", Event::Fund(FundEvent::BatchSent { batch, .. })) => batch.to_string(),
        ("round", Event::Fund(happened)) => round_of(happened),
        ("update", Event::Grant(happened)) => update_of(happened),
        ("session", Event::Gathering(happened)) => session_number(happened)
            .map(|number| number.to_string())
            .unwrap_or_default(),
        (
            "lesson",
            Event::Organisation(
                OrganisationEvent::LessonPublished { lesson, .. }
                | OrganisationEvent::LessonWithdrawn { lesson },
            ),
        ) => lesson.to_string(),
        ("variation" | "story", Event::Grant(happened)) => match happened {
            GrantEvent::VariationRequested { variation, .. }
            | GrantEvent::VariationApproved { variation, .. }
            | GrantEvent::VariationRefused { variation, .. } => variation.to_string(),
            GrantEvent::StoryPublished { story, .. } | GrantEvent::StoryWithdrawn { story } => {
                story.to_string()
            }
            _ => String::new(),
        },
        _ => String::new(),
    }
}

fn round_of(event: &FundEvent) -> String {
    match event {
        FundEvent::RoundPlanned { round, .. }
        | FundEvent::RoundOpened { round }
        | FundEvent::RoundExtended { round, .. }
        | FundEvent::RoundClosed { round }
        | FundEvent::DecidingStarted { round }
        | FundEvent::RoundCompleted { round }
        | FundEvent::PanelMet { round, .. } => round.to_string(),
        _ => String::new(),
    }
}

fn update_of(event: &GrantEvent) -> String {
    match event {
        GrantEvent::UpdateRequested { update, .. }
        | GrantEvent::UpdateReceived { update, .. }
        | GrantEvent::UpdateAccepted { update }
        | GrantEvent::UpdateQueried { update, .. }
        | GrantEvent::UpdateExcused { update, .. }
        | GrantEvent::UpdateCorrected { update, .. }
        | GrantEvent::OutcomeJudged { update, .. } => update.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::{PARTS, STEPS};
    use crate::domain::event::EVENT_NAMES;

    #[test]
    fn every_step_is_an_event_of_its_record() {
        for (record, event, before, _) in STEPS {
            let part = PARTS.iter().find(|(part, _)| part == record);
            let stream = part.map_or(*record, |(_, stream)| *stream);
            let is_known = EVENT_NAMES
                .iter()
                .any(|(of, names)| *of == stream && names.contains(event));
            assert!(is_known && !before.is_empty(), "{record}: {event}");
        }
    }

    /// A second verifier is written from the document alone.
    #[test]
    fn the_format_has_the_table() {
        let mut table = String::new();
        for (record, event, before, after) in STEPS {
            let states = before.replace(' ', "`, `");
            let after = match *after {
                "" => String::new(),
                "back" => "the one before the last step that can be undone".to_owned(),
                "reviewed" => "after a review: see above".to_owned(),
                state => format!("`{state}`"),
            };
            let _ = writeln!(table, "| {record} | `{event}` | `{states}` | {after} |");
        }
        let stored = include_str!("../../../docs/reference/log-format.md");
        assert!(
            stored.contains(&table),
            "docs/reference/log-format.md needs:\n{table}"
        );
    }
}
