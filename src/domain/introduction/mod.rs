//! The introduction aggregate: puts a person or a group in touch with those who hold an entry of
//! the directory, once they agree. They can withdraw their agreement at any time.

mod answer;
mod command;
mod event;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{
    AgreeToIntroduction, AskIntroduction, CameTo, CloseIntroduction, CloseReason,
    DeclineIntroduction, DeclineReason, IntroductionCommand, MakeIntroduction, SayHow, Shared,
    TakeBackIntroduction, WelcomeIntroduction,
};
pub use event::IntroductionEvent;

use super::application::Channel;
use super::asset::{AssetState, Party};
use super::id::{AssetId, GroupId, PersonId};
use super::money::BelowZero;
use super::organisation::NoticePurpose;
use super::person::channel_of;
use super::personal_data::{Encrypted, PersonalInput};
use super::policy::FollowUps;
use super::role::Actor;
use super::text::Slug;
use super::{Aggregate, Asset, DecisionContext, Group, ReadDependencies, Refusal};

/// The check that a group needs before people who may be at risk are introduced to it.
pub const SAFEGUARDING: &str = "safeguarding";
/// The days without an answer after which a group is reminded.
pub const REMINDED_AFTER_DAYS: i64 = 7;
/// Months after the agreement for which the introduced people's `matters` are stored.
const KEPT_MONTHS: i64 = 12;

/// State of an introduction.
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
    strum::EnumString,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum IntroductionState {
    /// Whether they agree is not known yet.
    Asked,
    Agreed,
    /// Those who hold the entry see what is shared, and have not answered.
    Made,
    Welcomed,
    Declined,
    /// It was said what came of it.
    CameTo,
    /// They withdrew their consent.
    TakenBack,
    Closed,
}

impl IntroductionState {
    /// Whether those who hold the entry see what is shared.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::Made | Self::Welcomed | Self::CameTo)
    }
}

/// The last day on which it is kept what matters to people who agreed on a day.
#[must_use]
pub fn matters_kept_until(agreed_on: Date) -> Date {
    agreed_on.saturating_add(Span::new().months(KEPT_MONTHS))
}

/// The first day on which a group is reminded of an introduction that was made on a day.
#[must_use]
pub fn answer_due_on(made_on: Date) -> Date {
    made_on.saturating_add(Span::new().days(REMINDED_AFTER_DAYS))
}

/// State of the introduction aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Introduction {
    state: Option<IntroductionState>,
    of: Option<Party>,
    to: Option<AssetId>,
    at_risk: bool,
    /// The group that holds the entry, once the introduction is made.
    holder: Option<GroupId>,
    agreed_on: Option<Date>,
    made_on: Option<Date>,
    is_reminded: bool,
    came_to: Option<CameTo>,
    /// What mattered to them and the host's name, until they are deleted.
    words: Vec<Encrypted>,
}

impl Introduction {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.state.is_some()
    }

    /// Who is introduced.
    #[must_use]
    pub fn of(&self) -> Option<Party> {
        self.of
    }

    /// The group that holds the entry, once the introduction is made.
    #[must_use]
    pub fn holder(&self) -> Option<GroupId> {
        self.holder
    }

    /// The entry of the directory that a decision reads.
    #[must_use]
    pub fn asset(&self, command: &IntroductionCommand) -> Option<AssetId> {
        match command {
            IntroductionCommand::Ask(ask) => Some(ask.to),
            IntroductionCommand::Make(_) => self.to,
            _ => None,
        }
    }

    /// The group that is introduced, for a decision that reads it with the one that holds the
    /// entry.
    #[must_use]
    pub fn introduced_group(&self, command: &IntroductionCommand) -> Option<GroupId> {
        match command {
            IntroductionCommand::Make(_) | IntroductionCommand::SayHow(_) => {
                self.of.and_then(Party::group)
            }
            _ => None,
        }
    }

    /// The aggregates that a decision reads, given the entry of the directory that it reads.
    #[must_use]
    pub fn reads(&self, command: &IntroductionCommand, asset: &Asset) -> ReadDependencies {
        use IntroductionCommand as C;
        let of = match command {
            C::Ask(ask) => Some(ask.of),
            _ => self.of,
        };
        let group = match command {
            C::Ask(_) | C::Agree(_) | C::TakeBack(_) | C::Close(_) => of.and_then(Party::group),
            C::Make(_) => asset.holder().and_then(Party::group),
            _ => self.holder,
        };
        ReadDependencies {
            person: of.and_then(Party::person).map(|person| person.0),
            group: group.map(|group| group.0),
            asset: self.asset(command).map(|asset| asset.0),
            ..ReadDependencies::default()
        }
    }

    fn must_be(&self, states: &[IntroductionState]) -> Result<(), Refusal> {
        match self.state {
            None => Err(Refusal::Unknown("introduction")),
            Some(state) if states.contains(&state) => Ok(()),
            Some(IntroductionState::TakenBack) => Err(Refusal::TakenBack),
            Some(state) => Err(Refusal::IntroductionNotInState(state.into())),
        }
    }

    /// Whether the actor is the person who is introduced, or a member of the group that is. For
    /// decisions that read it as the group concerned.
    fn is_of_actor(&self, facts: &DecisionContext) -> Result<bool, Refusal> {
        match (self.of, facts.actor()) {
            (Some(Party::Person(person)), Actor::Person(by)) => Ok(person == by),
            (Some(Party::Group(_)), Actor::Person(_)) => facts.of_group(),
            _ => Ok(false),
        }
    }

    /// Whether the actor is a member of the group that holds the entry.
    fn is_held_by_actor(&self, facts: &DecisionContext) -> Result<bool, Refusal> {
        match self.holder {
            Some(_) => facts.of_group(),
            None => Ok(false),
        }
    }

    /// Whether the actor is the person who was introduced, or a member of the group that was
    /// introduced, and so may record the outcome.
    fn knows_how(&self, facts: &DecisionContext) -> Result<bool, Refusal> {
        match (self.of, facts.actor()) {
            (Some(Party::Person(person)), Actor::Person(by)) => Ok(person == by),
            (Some(Party::Group(group)), Actor::Person(by)) => {
                Ok(facts.named_group(group)?.has_member(by))
            }
            _ => Ok(false),
        }
    }

    /// Refuses an actor whom the introduction does not concern. To people without a role it does
    /// not exist.
    fn must_be_within_reach(
        &self,
        command: &IntroductionCommand,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        use IntroductionCommand as C;
        let is_concerned = self.exists()
            && match command {
                C::Agree(_) | C::TakeBack(_) => {
                    facts.works_with_people() || self.is_of_actor(facts)?
                }
                C::Welcome(_) | C::Decline(_) => {
                    facts.works_with_people() || self.is_held_by_actor(facts)?
                }
                C::SayHow(_) => {
                    facts.works_with_people()
                        || self.is_held_by_actor(facts)?
                        || self.knows_how(facts)?
                }
                _ => true,
            };
        if is_concerned {
            Ok(())
        } else if self.exists() && !facts.roles().is_empty() {
            Err(Refusal::NotYours)
        } else {
            Err(Refusal::Unknown("introduction"))
        }
    }

    fn ask(ask: AskIntroduction, facts: &DecisionContext) -> Result<IntroductionEvent, Refusal> {
        let AskIntroduction { of, to, at_risk } = ask;
        let for_themselves = match of {
            Party::Person(person) => facts.actor() == Actor::Person(person),
            Party::Group(_) => facts.of_group()?,
        };
        if !for_themselves && !facts.works_with_people() {
            // To people without a role, other people and groups do not exist.
            return Err(match of {
                _ if !facts.roles().is_empty() => Refusal::NotYours,
                Party::Person(_) => Refusal::Unknown("person"),
                Party::Group(_) => Refusal::Unknown("group"),
            });
        }
        match of {
            Party::Person(_) => {
                let person = facts.person()?;
                person.must_be_active()?;
                // Nobody knows yet whether the name and the address are theirs.
                if for_themselves && person.unproven().is_some() {
                    return Err(Refusal::AddressUnproven);
                }
            }
            Party::Group(_) => facts.group()?.must_be_active()?,
        }
        let asset = facts.asset()?;
        must_welcome(asset, of)?;
        if let Some(holder) = asset.holder() {
            must_be_two_groups(of, holder, facts)?;
        }
        Ok(IntroductionEvent::IntroductionAsked {
            of,
            to,
            at_risk,
            asked_on: facts.today,
        })
    }

    fn agree(
        &self,
        agreed: &AgreeToIntroduction,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        self.must_be(&[IntroductionState::Asked])?;
        self.must_be_of_active(facts)?;
        let keyed_by = keyed_by(self.is_of_actor(facts)?, facts)?;
        let channel = channel_of(agreed.channel, keyed_by)?;
        facts
            .organisation()?
            .must_be_notice_in_force(NoticePurpose::Introductions, agreed.notice)?;
        let by_word = matches!(channel, Channel::Phone | Channel::InPerson);
        let shares_nothing_said =
            agreed.shares.contains(&Shared::Matters) && agreed.matters.is_none();
        if (by_word && !agreed.read_back) || shares_nothing_said {
            return Err(Refusal::ConsentMissing);
        }
        Ok(IntroductionEvent::IntroductionAgreed {
            notice: agreed.notice,
            channel,
            read_back: agreed.read_back,
            keyed_by,
            matters: agreed.matters.as_ref().map(PersonalInput::sealed),
            shares: agreed.shares.clone(),
            agreed_on: facts.today,
        })
    }

    fn must_be_of_active(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        match self.of {
            Some(Party::Person(_)) => facts.person()?.must_be_active(),
            Some(Party::Group(_)) => facts.group()?.must_be_active_or_merged(),
            None => Err(Refusal::Unknown("introduction")),
        }
    }

    fn make(
        &self,
        make: MakeIntroduction,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        if self.state == Some(IntroductionState::Asked) {
            return Err(Refusal::ConsentMissing);
        }
        self.must_be(&[IntroductionState::Agreed])?;
        let both = self.of.zip(self.to);
        let (of, to) = both.ok_or(Refusal::Unknown("introduction"))?;
        match of {
            Party::Person(_) => facts.person()?.must_be_active()?,
            Party::Group(group) => facts.named_group(group)?.must_be_active_or_merged()?,
        }
        let asset = facts.asset()?;
        must_welcome(asset, of)?;
        if let Some(holder) = asset.holder() {
            must_be_two_groups(holder, of, facts)?;
        }
        let holder = asset.holder().and_then(Party::group);
        if (self.at_risk || make.at_risk) && !is_safe(holder, facts)? {
            return Err(Refusal::GroupNotChecked);
        }
        Ok(IntroductionEvent::IntroductionMade {
            to,
            holder,
            at_risk: make.at_risk,
            made_on: facts.today,
        })
    }

    fn take_back(
        &self,
        taken: TakeBackIntroduction,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        if self.state == Some(IntroductionState::TakenBack) {
            return Err(Refusal::TakenBack);
        }
        let keyed_by = keyed_by(self.is_of_actor(facts)?, facts)?;
        Ok(IntroductionEvent::IntroductionTakenBack {
            channel: channel_of(taken.channel, keyed_by)?,
            keyed_by,
            forgotten: self.words.clone(),
            taken_back_on: facts.today,
        })
    }

    fn close(
        &self,
        reason: CloseReason,
        facts: &DecisionContext,
    ) -> Result<IntroductionEvent, Refusal> {
        use IntroductionState as S;
        self.must_be(&[
            S::Asked,
            S::Agreed,
            S::Made,
            S::Welcomed,
            S::Declined,
            S::CameTo,
        ])?;
        if facts.actor() == Actor::Job && self.must_be_of_active(facts).is_ok() {
            return Err(Refusal::NotExpired);
        }
        Ok(IntroductionEvent::IntroductionClosed {
            reason,
            closed_on: facts.today,
        })
    }

    fn remind(&self, today: Date) -> Result<IntroductionEvent, Refusal> {
        self.must_be(&[IntroductionState::Made])?;
        let is_due = self
            .made_on
            .is_some_and(|made_on| answer_due_on(made_on) <= today);
        if !is_due || self.is_reminded {
            return Err(Refusal::ReminderNotDue);
        }
        Ok(IntroductionEvent::IntroductionReminded { reminded_on: today })
    }

    fn forget_matters(&self, today: Date) -> Result<IntroductionEvent, Refusal> {
        if self.words.is_empty() {
            return Err(Refusal::NoChange);
        }
        let is_over = self
            .agreed_on
            .is_none_or(|agreed_on| matters_kept_until(agreed_on) < today);
        if !is_over {
            return Err(Refusal::NotExpired);
        }
        Ok(IntroductionEvent::MattersForgotten {
            forgotten: self.words.clone(),
        })
    }
}

/// Who keyed what others said; `None` if the actor said it for themselves or for their group.
fn keyed_by(own: bool, facts: &DecisionContext) -> Result<Option<PersonId>, Refusal> {
    let by = facts.by()?;
    Ok(Some(by).filter(|_| !own))
}

/// Refuses an entry of the directory to which people cannot be introduced, or whose holder is the
/// one to be introduced.
fn must_welcome(asset: &Asset, of: Party) -> Result<(), Refusal> {
    match asset.state() {
        None | Some(AssetState::Recorded) => return Err(Refusal::Unknown("entry")),
        Some(AssetState::Withdrawn) => return Err(Refusal::ListingWithdrawn),
        Some(AssetState::Paused) => return Err(Refusal::NotWelcoming),
        Some(AssetState::Published) => {}
    }
    if asset.holder() == Some(of) {
        return Err(Refusal::SameParty);
    }
    if asset.welcomes() {
        Ok(())
    } else {
        Err(Refusal::NotWelcoming)
    }
}

/// Refuses two groups of which one was merged into the other, or both into one. The decision reads
/// the first of them with its relatives.
fn must_be_two_groups(one: Party, other: Party, facts: &DecisionContext) -> Result<(), Refusal> {
    let (Some(_), Some(other)) = (one.group(), other.group()) else {
        return Ok(());
    };
    let mut merged = std::iter::once(facts.group()?).chain(facts.relatives());
    let is_same = merged.any(|group| {
        group.merged_into() == Some(other) || group.absorbed_groups().any(|taken| taken == other)
    });
    if is_same {
        Err(Refusal::SameParty)
    } else {
        Ok(())
    }
}

/// Whether the group that holds an entry has a safeguarding check in date. If it was merged into
/// another group, that group needs a check too, because its members welcome people.
fn is_safe(holder: Option<GroupId>, facts: &DecisionContext) -> Result<bool, Refusal> {
    let check: Slug = SAFEGUARDING
        .parse()
        .map_err(|_| Refusal::Unknown("check"))?;
    match holder {
        Some(_) => {
            let is_checked = |group: &Group| group.check_on_file(&check, facts.today).is_some();
            Ok(is_checked(facts.group()?) && facts.heir()?.is_none_or(is_checked))
        }
        None => Ok(false),
    }
}

/// An introduction's events trigger nothing.
impl FollowUps for Introduction {}

impl Aggregate for Introduction {
    const TYPE: &'static str = "introduction";
    type Command = IntroductionCommand;
    type Event = IntroductionEvent;

    fn decide(
        &self,
        command: &IntroductionCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<IntroductionEvent>, Refusal> {
        use IntroductionCommand as C;
        if let C::Ask(ask) = command {
            return if self.exists() {
                Err(Refusal::Exists("introduction"))
            } else {
                Ok(vec![Self::ask(*ask, facts)?])
            };
        }
        self.must_be_within_reach(command, facts)?;
        let event = match command {
            C::Ask(_) => return Err(Refusal::Exists("introduction")),
            C::Agree(agreed) => self.agree(agreed, facts)?,
            C::Make(make) => self.make(*make, facts)?,
            C::Welcome(welcomed) => self.welcome(welcomed, facts)?,
            C::Decline(declined) => self.decline(*declined, facts)?,
            C::SayHow(said) => self.say_how(said.how, facts)?,
            C::TakeBack(taken) => self.take_back(*taken, facts)?,
            C::Close(closed) => self.close(closed.reason, facts)?,
            C::Remind(_) => self.remind(facts.today)?,
            C::ForgetMatters(_) => self.forget_matters(facts.today)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &IntroductionEvent) -> Result<(), BelowZero> {
        use IntroductionEvent as E;
        use IntroductionState as S;
        match event {
            E::IntroductionAsked {
                of, to, at_risk, ..
            } => {
                self.state = Some(S::Asked);
                (self.of, self.to, self.at_risk) = (Some(*of), Some(*to), *at_risk);
            }
            E::IntroductionAgreed {
                matters, agreed_on, ..
            } => {
                self.state = Some(S::Agreed);
                self.agreed_on = Some(*agreed_on);
                self.words.extend(matters.clone());
            }
            E::IntroductionMade {
                holder,
                at_risk,
                made_on,
                ..
            } => {
                self.state = Some(S::Made);
                (self.holder, self.made_on) = (*holder, Some(*made_on));
                self.at_risk |= at_risk;
            }
            E::IntroductionWelcomed { host_name, .. } => {
                self.state = Some(S::Welcomed);
                self.words.extend(host_name.clone());
            }
            E::IntroductionDeclined { .. } => self.state = Some(S::Declined),
            E::IntroductionCameTo { how, .. } => {
                (self.state, self.came_to) = (Some(S::CameTo), Some(*how));
            }
            E::IntroductionTakenBack { .. } => {
                self.state = Some(S::TakenBack);
                self.words.clear();
            }
            E::IntroductionClosed { .. } => self.state = Some(S::Closed),
            E::IntroductionReminded { .. } => self.is_reminded = true,
            E::MattersForgotten { .. } => self.words.clear(),
        }
        Ok(())
    }
}
