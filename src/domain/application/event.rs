//! Events of an application. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::command::{ApplicationHelp, Channel};
use super::decision::Terms;
use super::interest::{Interest, PanelSitting};
use crate::domain::aggregate::events;
use crate::domain::id::{FundId, GroupId, PersonId};
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::panel::{Decision, HeldLetter, Summary};
use crate::domain::person::ContactMethod;
use crate::domain::personal_data::Encrypted;
use crate::domain::take_back::TakeBackUntil;
use crate::domain::text::{Prose, Slug};

events! {
    /// Events of an application.
    ApplicationEvent {
        /// A group began an application.
        ApplicationStarted {
            fund: FundId, round: Slug, group: GroupId,
            /// The version of the form whose questions it answers.
            form: u32,
            /// Whether it came in time on paper or by phone, and was entered after the deadline.
            late: bool,
            /// The day on which it was started. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            started_on: Option<Date>,
            /// The member of the group who started it; absent if staff did.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            started_by: Option<PersonId>,
        },
        /// Answers were saved. A field that is null stays as it was.
        AnswersSaved {
            /// The amount that the group asks for.
            requested: Option<Money>,
            area: Option<Slug>,
            /// The key of the theme.
            activity: Option<Slug>,
            /// Whether children or adults at risk would be involved.
            people_at_risk: Option<bool>,
            /// The answers that were saved, by key of the question.
            answers: BTreeMap<Slug, Encrypted>,
            /// The member of staff who entered them for the group; null if a member of the group
            /// did.
            keyed_by: Option<PersonId>,
            /// The answers that are not finished. Absent if all of them are, and in old events.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            unfinished: BTreeSet<Slug>,
        },
        /// The application was sent, with what the rules need in clear.
        ApplicationSubmitted {
            /// The amount that the group asks for.
            requested: Money,
            area: Slug,
            /// How it reached the organisation.
            channel: Channel,
            /// The day on which it reached the organisation.
            received_on: Date,
            /// Why it was entered after the deadline.
            late_reason: Option<Prose>,
            /// Who helped the group with it.
            help: Option<ApplicationHelp>,
            /// Whether the helper or an officer confirmed the help. Old events without this field
            /// count as confirmed.
            #[serde(default = "agreed", skip_serializing_if = "is_agreed")]
            help_agreed: bool,
            /// How the group's members could be reached. Absent in events from before the rule that
            /// someone must be.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            reached_by: BTreeSet<ContactMethod>,
        },
        /// It was confirmed that a person helped with the application.
        HelpConfirmed {
            /// The person who helped.
            helper: PersonId,
            by: PersonId,
        },
        /// It was denied that a person helped with the application.
        HelpRefused {
            /// The person who was named as the helper.
            helper: PersonId,
            by: PersonId,
        },
        /// The language of the group's pages and emails about the application was chosen.
        LanguageChosen {
            /// The language of pages and emails.
            language: Language,
            /// The name of a person who helps the group with English.
            helper: Option<Encrypted>,
            /// The language that the applicant speaks. Absent if it stays as it was, and in old
            /// events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            spoken_language: Option<Encrypted>,
        },
        /// Staff asked the group to answer some questions again.
        ChangesRequested {
            /// The keys of the questions. `requested`, `area`, `activity` and `people-at-risk` are
            /// those that are not of the form.
            questions: BTreeSet<Slug>,
            /// What the group is asked about all of them.
            note: Prose,
            /// What was asked about one question alone. Absent in old events.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            notes: BTreeMap<Slug, Prose>,
            /// The last day for the changes.
            due_on: Date,
        },
        /// The application was sent again after changes.
        ApplicationResubmitted {
            /// The amount that the group asks for.
            requested: Money,
            area: Slug,
            /// Who helped the group with it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            help: Option<ApplicationHelp>,
            /// Whether the helper or an officer confirmed the help. Old events without this field
            /// count as confirmed.
            #[serde(default = "agreed", skip_serializing_if = "is_agreed")]
            help_agreed: bool,
            /// How the group's members could be reached. Absent in events from before the rule that
            /// someone must be.
            #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
            reached_by: BTreeSet<ContactMethod>,
        },
        /// Staff marked the application as eligible.
        EligibilityConfirmed {
            by: PersonId,
            /// Until when it can be taken back; absent in old events. Likewise below.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<String>, format = "date-time")]
            take_back_until: Option<TakeBackUntil>,
        },
        /// Staff marked the application as not eligible.
        EligibilityRefused {
            reason: Prose, by: PersonId,
            /// Until when it can be taken back; absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<String>, format = "date-time")]
            take_back_until: Option<TakeBackUntil>,
        },
        /// The last decision about eligibility was taken back.
        EligibilityTakenBack { by: PersonId },
        /// A person declared that they have no interest in the application.
        NoInterestDeclared {
            by: PersonId,
            /// Whether the person was not on the panel when they declared. Such a person sees
            /// scores and cannot score.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            observes: Option<bool>,
        },
        /// A person declared an interest in the application, or staff declared it for them.
        InterestDeclared {
            /// The person who has the interest.
            by: PersonId,
            /// What kind of interest it is.
            interest: Interest,
        },
        /// A panel member scored the application.
        ScoreGiven {
            by: PersonId,
            /// The points, 0 to 5, by key of the criterion.
            criteria: BTreeMap<Slug, u8>,
            /// The panel member's note.
            note: Prose,
        },
        /// A panel member changed their score.
        ScoreRevised {
            by: PersonId,
            /// The new points, 0 to 5, by key of the criterion.
            criteria: BTreeMap<Slug, u8>,
            /// The panel member's new note.
            note: Prose,
            reason: Prose,
        },
        /// A score does not count any more.
        ScoreSetAside {
            /// The person whose score it is.
            of: PersonId,
            reason: Prose, by: PersonId,
        },
        /// Staff wrote the public title and description.
        PublicSummaryWritten {
            /// The title and description.
            summary: Summary,
        },
        /// The panel awarded a grant.
        Awarded {
            /// The amount, the area, the dates and the conditions of the award.
            terms: Terms,
            /// Why, for the record.
            reason: Option<Prose>,
            sitting: PanelSitting,
            /// The held letter; absent if it goes out immediately. The same applies to the events
            /// below.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letter: Option<HeldLetter>,
        },
        /// The panel declined the application.
        Declined {
            reason: Prose,
            /// What the group reads about the decision.
            feedback: Prose,
            sitting: PanelSitting,
            /// The held letter; absent if it goes out immediately.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letter: Option<HeldLetter>,
            /// Until when it can be taken back; absent in old events, and if its letter is held.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<String>, format = "date-time")]
            take_back_until: Option<TakeBackUntil>,
        },
        /// The panel put off its decision to a later round.
        Deferred {
            reason: Prose,
            /// The text that the group reads. If it is absent, the group reads the reason. The same
            /// applies to the events below.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            message: Option<Prose>,
            sitting: PanelSitting,
            /// The held letter; absent if it goes out immediately.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letter: Option<HeldLetter>,
        },
        /// The panel put the application on the reserve list of its round.
        Reserved {
            /// The place on the list, 1 being the first.
            rank: u16,
            reason: Prose,
            /// The text that the group reads. If it is absent, the group reads the reason.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            message: Option<Prose>,
            sitting: PanelSitting,
            /// The held letter; absent if it goes out immediately.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            letter: Option<HeldLetter>,
        },
        /// The held letter goes out on another day.
        LetterMoved {
            /// The new day.
            letters_on: Date,
        },
        /// The letter goes out now. `message` is the text that the group reads. An award has none,
        /// because the group gets an offer.
        LetterReleased {
            /// The decision that the letter is about.
            decision: Decision,
            /// The text that the group reads; null for an award.
            message: Option<Prose>,
        },
        /// A decision was taken back before the group heard of it.
        DecisionTakenBack {
            /// The decision that was taken back.
            decision: Decision,
            reason: Prose, sitting: PanelSitting,
        },
        /// A person who was named as present confirmed that they took part in a decision.
        AttendanceConfirmed {
            /// The number of the decision about this application: 1, 2, 3 …
            decision: u32,
            /// The person who was named as present.
            person: PersonId,
            by: PersonId,
        },
        /// The group asked for a review of the decision.
        ReviewRequested {
            /// Why, in the group's words.
            words: Encrypted,
            /// The day on which it asked.
            requested_on: Date,
        },
        /// The review was decided.
        ReviewDecided {
            /// Whether the decision was wrong, so that the application is decided again.
            upheld: bool,
            reason: Prose, by: PersonId,
        },
        /// The group or staff withdrew the application.
        ApplicationWithdrawn {},
        /// The draft was not sent in time.
        ApplicationLapsed {},
        /// A lapsed draft can be continued.
        DraftReopened {},
        /// The group was reminded of its draft.
        DraftReminded {
            /// The last day for the application, as the reminder says it.
            closes_on: Date,
        },
    }
}

fn agreed() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_agreed(agreed: &bool) -> bool {
    *agreed
}
