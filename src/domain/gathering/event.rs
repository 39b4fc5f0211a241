//! Events of a gathering. Their doc comments are the descriptions in `docs/events.md`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::command::{GatheringKind, GatheringWords, SessionPlan, SignUpWay, Turnout};
use crate::domain::aggregate::events;
use crate::domain::id::{FundId, GatheringId, GrantId, GroupId, PersonId};
use crate::domain::personal_data::Encrypted;
use crate::domain::tally::TallyOccasion;
use crate::domain::text::{Line, Prose, Slug};

events! {
    /// Events of a gathering.
    GatheringEvent {
        /// A gathering was planned.
        GatheringPlanned {
            /// What kind of gathering it is.
            kind: GatheringKind,
            /// What is said about it.
            about: GatheringWords,
            /// The officers who lead it.
            leads: BTreeSet<PersonId>,
            /// The group that runs it; absent if none does.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            group: Option<GroupId>,
            /// The fund that it belongs to; absent if it belongs to none.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            fund: Option<FundId>,
            /// How people sign up.
            sign_up: SignUpWay,
            /// Whether somebody must look at its risks before it opens.
            risk_check: bool,
            /// The gathering that it grew from; absent if it grew from none.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            grew_from: Option<GatheringId>,
            /// The day on which it was planned.
            planned_on: Date,
        },
        /// What is said about the gathering was replaced.
        GatheringDescribed {
            /// What is said about it from now on.
            about: GatheringWords,
        },
        /// The gathering opened: everyone can see it.
        GatheringOpened {
            /// The day on which it opened.
            opened_on: Date,
        },
        /// The gathering ended.
        GatheringEnded {
            /// The day on which it ended.
            ended_on: Date,
        },
        /// A session was added.
        SessionAdded {
            /// The number of the session within the gathering: 1, 2, 3 …
            session: u16,
            /// When and where it is, and for how many.
            plan: SessionPlan,
        },
        /// A session was moved, or its place or number of places changed.
        SessionMoved {
            /// The number of the session.
            session: u16,
            /// When and where it is from now on, and for how many.
            plan: SessionPlan,
        },
        /// A session was cancelled.
        SessionCancelled {
            /// The number of the session.
            session: u16,
            /// Why, for those who wanted to come.
            reason: Prose,
        },
        /// A person got a place at a session.
        PlaceTaken {
            /// The number of the session.
            session: u16,
            /// The person who got the place.
            person: PersonId,
            /// The group as whose member they come; absent if they come for themselves, and if
            /// they waited for the place.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            group: Option<GroupId>,
            /// What they need there; absent if they did not say, and if they waited for the place.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            needs: Option<Encrypted>,
            /// Whether they waited for it, as the first of those who waited.
            waited: bool,
        },
        /// The session was full, so a person waits for a place.
        WaitingJoined {
            /// The number of the session.
            session: u16,
            /// The person who waits.
            person: PersonId,
            /// How many wait now: the person is the last of them.
            rank: u32,
            /// The group as whose member they come; absent if they come for themselves.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            group: Option<GroupId>,
            /// What they need there; absent if they did not say.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            needs: Option<Encrypted>,
        },
        /// A person gave up a place.
        PlaceGivenUp {
            /// The number of the session.
            session: u16,
            /// The person who had it.
            person: PersonId,
        },
        /// A person stopped waiting for a place.
        WaitingLeft {
            /// The number of the session.
            session: u16,
            /// The person who waited.
            person: PersonId,
        },
        /// It was counted how many want to come to a session. No names are kept.
        SignUpsCounted {
            /// The number of the session.
            session: u16,
            /// How many want to come, in all. Those beyond the number of places wait.
            people: u32,
        },
        /// A session took place.
        SessionHeld {
            /// The number of the session.
            session: u16,
            /// Who came.
            came: Turnout,
        },
        /// The record of who came to a session was corrected.
        AttendanceCorrected {
            /// The number of the session.
            session: u16,
            /// Who came. It replaces what was recorded before.
            came: Turnout,
            /// What was wrong.
            reason: Prose,
        },
        /// It was written what was learned at a session. It replaces what was written before.
        NotesWritten {
            /// The number of the session.
            session: u16,
            /// What was learned.
            learned: Prose,
            /// Ideas that came up.
            ideas: Vec<Line>,
            /// The keys of the signs of success that were seen.
            signs: BTreeSet<Slug>,
        },
        /// A story of a grant was chosen there, as the one that tells of the most significant
        /// change.
        StoryChosen {
            /// The grant that the story is of.
            grant: GrantId,
            /// The number of the story.
            story: u16,
            /// The key of the aim that it tells of; absent if none was named.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            aim: Option<Slug>,
            /// Why it was chosen.
            why: Prose,
            /// The day on which it was recorded.
            chosen_on: Date,
        },
        /// It was recorded how many people chose each answer to a question of the aims.
        TallyGiven {
            /// The number of the tally of this gathering: 1, 2, 3 …
            tally: u16,
            /// The version of the aims that has the question.
            version: u32,
            /// The key of the question.
            question: Slug,
            /// How many people chose each option, by its key.
            counts: BTreeMap<Slug, u32>,
            /// The day on which people were asked.
            asked_on: Date,
            /// When in the life of the gathering they were asked.
            occasion: TallyOccasion,
        },
        /// The numbers of a tally were corrected.
        TallyCorrected {
            /// The number of the tally.
            tally: u16,
            /// How many people chose each option. They replace all numbers of the tally.
            counts: BTreeMap<Slug, u32>,
            /// What was wrong.
            reason: Prose,
        },
        /// The lead was offered to a person. It replaces an offer before.
        LeadOffered {
            /// The person who may take it.
            person: PersonId,
        },
        /// A person took the lead that was offered to them.
        LeadTaken {
            /// The new lead.
            person: PersonId,
            /// Whether they had a role in the organisation.
            staff: bool,
        },
        /// A person does not lead the gathering any more.
        LeadLeft {
            /// The person who led it.
            person: PersonId,
        },
        /// A lead asked the office for a hand.
        HandAskedFor {
            /// The lead who asked.
            lead: PersonId,
            /// What would help.
            words: Encrypted,
            /// The day on which they asked. Absent in old events.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            asked_on: Option<Date>,
        },
        /// What leads had asked for was deleted.
        HandForgotten {
            /// The values that were deleted.
            words: Vec<Encrypted>,
        },
        /// Somebody looked at the risks of the gathering.
        RiskChecked {
            /// The last day on which the check is valid.
            good_until: Date,
        },
        /// Those who signed up for a session were reminded of it.
        SessionReminded {
            /// The number of the session.
            session: u16,
        },
        /// What people wrote about their needs at a session was deleted.
        NeedsForgotten {
            /// The number of the session.
            session: u16,
            /// The values that were deleted.
            needs: Vec<Encrypted>,
        },
    }
}
