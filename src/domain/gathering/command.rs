//! Commands of a gathering.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::clock_time::ClockTime;
use crate::domain::application::Channel;
use crate::domain::command::{NoBody, commands};
use crate::domain::id::{FundId, GatheringId, GrantId, GroupId, PersonId};
use crate::domain::personal_data::{PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};
use crate::domain::tally::{CorrectTally, GiveTally};
use crate::domain::text::{Line, Prose, Slug};

/// Fewer people than this are not counted in public.
const FEW_PEOPLE: u32 = 5;

commands! {
    /// Commands of a gathering.
    GatheringCommand {
        /// Plans a gathering. Nobody but staff sees it until it opens.
        Plan(PlanGathering) = "plan",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Replaces what is said about the gathering.
        Describe(GatheringWords) = "describe",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Opens the gathering: everyone sees it, and people can sign up. It needs a lead, and a
        /// risk check that is in date if it asks for one.
        Open(NoBody) = "open",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Ends the gathering. No session may be planned any more.
        End(NoBody) = "end",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Adds a session.
        AddSession(SessionPlan) = "add-session",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Moves a session to another day, time or place, or changes its number of places. People
        /// who wait move up if there are more places.
        MoveSession(MoveSession) = "move-session",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Cancels a session, with the reason for those who signed up or wait.
        CancelSession(CancelSession) = "cancel-session",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Signs a person up for a session: oneself, or by an officer or a connector for one who
        /// asked by phone, on paper or in person. If the session is full they wait for a place.
        SignUp(SignUp) = "sign-up", Permission::Anyone;
        /// Records how many are coming to a session where people are counted and not named.
        CountSignUps(CountSignUps) = "count-sign-ups",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Gives up a place at a session, or stops waiting for one. The first who waits gets the
        /// place.
        StepDown(StepDown) = "step-down", Permission::Anyone;
        /// Gives up what a person had at a session whose data are erased.
        GiveUp(StepDown) = "give-up", Permission::Job;
        /// Gives what was booked with somebody's address, without signing in, to the owner of the
        /// address. It goes to no one who waits.
        HandOver(HandOver) = "hand-over", Permission::Job;
        /// Records who came to a session, once it is over.
        RecordAttendance(RecordTurnout) = "record-attendance",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Corrects who came to a session, with the reason.
        CorrectAttendance(CorrectTurnout) = "correct-attendance",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Writes what was learned at a session. Everyone can read it.
        WriteNotes(SessionNotes) = "write-notes",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Records that a story of a grant was chosen there, and why. Everyone can read it.
        ChooseStory(ChooseStory) = "choose-story",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Records how many people chose each answer to a question of the aims.
        GiveTally(GiveTally) = "give-tally",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Corrects the numbers of a tally, with the reason.
        CorrectTally(CorrectTally) = "correct-tally",
            Permission::Staff(&[Role::Officer, Role::Connector]);
        /// Offers the lead to a person. A new offer replaces the one before.
        OfferLead(LeadRef) = "offer-lead",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Takes the lead that was offered. The person does so themselves; for someone without an
        /// email address, an officer or a connector records it.
        TakeLead(LeadRef) = "take-lead", Permission::Anyone;
        /// Stops leading the gathering. While it is open, somebody else must lead it.
        LeaveLead(LeadRef) = "leave-lead",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Asks the office for a hand, as a lead.
        AskForHand(AskForHand) = "ask-for-hand",
            Permission::StaffOrLead(&[Role::Officer, Role::Connector]);
        /// Deletes what leads asked for, two years after the last time.
        ForgetHand(NoBody) = "forget-hand", Permission::Job;
        /// Records that the risk check of the gathering was made, until its last valid day.
        PassRiskCheck(PassRiskCheck) = "pass-risk-check", Permission::Staff(&[Role::Officer]);
        /// Reminds those who signed up for a session, in the two days before it.
        Remind(SessionRef) = "remind", Permission::Job;
        /// Deletes what people wrote about their needs at a session, 30 days after it.
        ForgetNeeds(SessionRef) = "forget-needs", Permission::Job;
    }
}

/// What kind of gathering it is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum GatheringKind {
    /// A day on which many groups come together and agree what to do.
    CallToAction,
    /// People who meet again and again to look after a common thing.
    Circle,
    /// People learn a skill from each other.
    Workshop,
    /// People talk about what matters in a place.
    Conversation,
    /// Practitioners who learn together over time.
    Community,
    /// Something that people do together, such as a walk.
    Activity,
    /// A visit to a group, to learn from it.
    Visit,
    Training,
    /// People look into a question together.
    Research,
}

impl GatheringKind {
    /// Its key in addresses and forms, as in the API.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.into()
    }
}

/// How people sign up for a gathering.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignUpWay {
    /// Each person by name.
    #[default]
    Named,
    /// Their number only, as for children, or for people in a care home.
    Counted,
}

/// Who may read where a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceAudience {
    #[default]
    Everyone,
    /// Those who have a place, the leads and staff.
    SignedUp,
}

/// What is said about a gathering. Everyone can read it once the gathering is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GatheringWords {
    pub title: Line,
    /// What happens there, and for whom it is. It must not contain names of people.
    pub description: Prose,
    /// The key of the area; absent if it is for everyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Slug>,
    /// The keys of its themes, which are among those that the organisation has adopted, if it has
    /// adopted any.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub themes: BTreeSet<Slug>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanGathering {
    pub kind: GatheringKind,
    pub about: GatheringWords,
    /// Officers and connectors who lead it. Others are offered the lead, and take it.
    #[serde(default)]
    pub leads: BTreeSet<PersonId>,
    /// The group that runs it, if one does.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// The fund that it belongs to, if it belongs to one.
    #[serde(default)]
    pub fund: Option<FundId>,
    #[serde(default)]
    pub sign_up: SignUpWay,
    /// Whether somebody must look at its risks before it opens.
    #[serde(default)]
    pub risk_check: bool,
    /// The gathering that it grew from, if it did.
    #[serde(default)]
    pub grew_from: Option<GatheringId>,
}

/// When and where a session is, and for how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPlan {
    /// The day of the session.
    #[schema(value_type = String, format = "date")]
    pub day: Date,
    /// When it starts, in Europe/London.
    pub starts_at: ClockTime,
    /// When it ends, on the same day.
    pub ends_at: ClockTime,
    /// Where it is. It must not contain names of people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Line>,
    /// Who may read where it is.
    #[serde(default)]
    pub place_for: PlaceAudience,
    /// How many can take part; absent if there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10000)]
    pub places: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveSession {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    /// The session as it is from now on.
    pub to: SessionPlan,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelSession {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    /// Why, for those who wanted to come. It must not contain names of people.
    pub reason: Prose,
}

/// A session by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRef {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    pub person: PersonId,
    /// The group as whose member they come, if they come as one.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// What they need there, if they want to say so.
    #[serde(default)]
    pub needs: Option<AgreedNeeds>,
    /// How it reached the office; absent for those who sign themselves up.
    #[serde(default)]
    pub channel: Option<Channel>,
}

/// What a person needs at a session, such as a ramp or food without nuts. It may tell of their
/// health or faith, so it is kept only with their explicit consent, and until 30 days after the
/// session.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreedNeeds {
    pub words: PersonalInput,
    /// Whether they agree that it is kept for this session.
    pub consent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CountSignUps {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    /// How many want to come, in all.
    #[schema(minimum = 0, maximum = 10000)]
    pub people: u32,
    /// How it reached the office.
    #[serde(default)]
    pub channel: Option<Channel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepDown {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    pub person: PersonId,
}

/// A place at a session, or a wait for one, that goes to the owner of the address with which it was
/// booked.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    /// The person under whom it was booked.
    pub from: PersonId,
    /// The owner of the address.
    pub to: PersonId,
    /// What was said about needs when it was booked.
    #[serde(default)]
    pub needs: Option<AgreedNeeds>,
}

/// Who came to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Turnout {
    /// How many people came, in all.
    #[schema(minimum = 0, maximum = 10000)]
    pub people: u32,
    /// Those of them who had a place and are known to have come.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named: BTreeSet<PersonId>,
    /// The groups from which people came. Those named above count here too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 200)]
    pub groups: Vec<GroupTurnout>,
}

impl Turnout {
    /// Whether so few people came that their number is not shown outside the office: it could tell
    /// who they are.
    #[must_use]
    pub fn is_of_few(&self) -> bool {
        (1..FEW_PEOPLE).contains(&self.people)
    }
}

/// How many people came from one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupTurnout {
    pub group: GroupId,
    #[schema(minimum = 0, maximum = 10000)]
    pub people: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordTurnout {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    pub came: Turnout,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectTurnout {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    pub came: Turnout,
    /// What was wrong. It must not contain names of people.
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionNotes {
    #[schema(minimum = 1, maximum = 65535)]
    pub session: u16,
    /// What was learned, in the words of staff. It must not contain names of people.
    pub learned: Prose,
    /// Ideas that came up.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub ideas: Vec<Line>,
    /// The signs of success that were seen.
    #[serde(default)]
    pub signs: BTreeSet<Slug>,
}

/// A story that people chose in company as the one that tells of the most significant change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseStory {
    pub grant: GrantId,
    /// The number of the story of that grant.
    #[schema(minimum = 1, maximum = 65535)]
    pub story: u16,
    /// The key of the aim that it is about, if one was named.
    #[serde(default)]
    pub aim: Option<Slug>,
    /// Why it was chosen. Everyone can read it. It must not contain names of people.
    pub why: Prose,
}

/// The person concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadRef {
    pub person: PersonId,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskForHand {
    /// The lead who asks.
    pub lead: PersonId,
    /// What would help.
    pub words: PersonalInput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PassRiskCheck {
    /// The last day on which it is valid.
    #[schema(value_type = String, format = "date")]
    pub good_until: Date,
}

impl GatheringCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        let (field, value) = match self {
            Self::SignUp(SignUp {
                needs: Some(needs), ..
            })
            | Self::HandOver(HandOver {
                needs: Some(needs), ..
            }) => ("needs", &mut needs.words),
            Self::AskForHand(asked) => ("words", &mut asked.words),
            _ => return Vec::new(),
        };
        vec![PersonalField {
            field,
            value,
            index: None,
        }]
    }

    /// The person whose key encrypts the personal values in this command.
    #[must_use]
    pub fn subject(&self) -> Option<PersonId> {
        match self {
            Self::SignUp(sign_up) => Some(sign_up.person),
            Self::HandOver(hand_over) => Some(hand_over.to),
            Self::AskForHand(asked) => Some(asked.lead),
            _ => None,
        }
    }

    /// The channel by which its content reached the organisation, if it says so.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        match self {
            Self::SignUp(sign_up) => sign_up.channel,
            Self::CountSignUps(counted) => counted.channel,
            _ => None,
        }
    }

    /// The groups that the command names as those whose people came.
    pub fn groups_that_came(&self) -> impl Iterator<Item = GroupId> {
        let came = match self {
            Self::RecordAttendance(recorded) => Some(&recorded.came),
            Self::CorrectAttendance(corrected) => Some(&corrected.came),
            _ => None,
        };
        came.into_iter()
            .flat_map(|came| came.groups.iter().map(|from| from.group))
    }
}
