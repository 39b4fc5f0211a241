//! The rules of introductions: they are agreed to on the notice in force, and people who may be at
//! risk come only to groups that were checked.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::application::Channel;
use crate::domain::asset::{AssetState, Party};
use crate::domain::introduction::SAFEGUARDING;
use crate::domain::organisation::NoticePurpose;
use crate::domain::text::Slug;
use crate::domain::{
    AssetId, Event, Group, GroupId, IntroductionEvent, OrganisationEvent, PersonEvent, PersonId,
    Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Introductions {
    /// By purpose: the version of the notice in force.
    notices: BTreeMap<NoticePurpose, u32>,
    introductions: BTreeMap<Uuid, SeenIntroduction>,
}

/// What the events of an introduction say so far.
#[derive(Default)]
struct SeenIntroduction {
    to: Option<AssetId>,
    at_risk: bool,
    is_agreed: bool,
}

impl RuleRoom for Introductions {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::ConsentOnNotice,
            Rule::IntroductionAgreed,
            Rule::IntroductionWelcomed,
            Rule::IntroductionChecked,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Organisation(OrganisationEvent::NoticePublished {
                purpose, version, ..
            }) => {
                let known = self.notices.insert(*purpose, *version).unwrap_or_default();
                let is_next = known.checked_add(1) == Some(*version);
                let says = "a notice has not the next version for its purpose";
                broken.unless(is_next, Rule::ConsentOnNotice, says);
            }
            Event::Person(PersonEvent::ConsentGiven {
                purpose, notice, ..
            }) => self.check_notice((*purpose).into(), *notice, broken),
            Event::Introduction(happened) => {
                if let IntroductionEvent::IntroductionAgreed { notice, .. } = happened {
                    self.check_notice(NoticePurpose::Introductions, *notice, broken);
                }
                let seen = self.introductions.entry(event.stream).or_default();
                seen.check(happened, before, broken);
                let of = introduced(event, before);
                if let Err(says) = check_welcome(of, happened, before) {
                    broken.report(Rule::IntroductionWelcomed, says);
                }
                seen.follow(happened);
            }
            _ => {}
        }
    }
}

impl Introductions {
    fn check_notice(&self, purpose: NoticePurpose, version: u32, broken: &mut Broken<'_>) {
        let is_in_force = self.notices.get(&purpose) == Some(&version);
        let says = "consent was given on a notice that was not in force";
        broken.unless(is_in_force, Rule::ConsentOnNotice, says);
    }
}

impl SeenIntroduction {
    fn check(&self, event: &IntroductionEvent, before: &LogState, broken: &mut Broken<'_>) {
        match event {
            IntroductionEvent::IntroductionAgreed {
                channel, read_back, ..
            } => {
                let by_word = matches!(channel, Channel::Phone | Channel::InPerson);
                let says = "an agreement by word was not read back";
                broken.unless(*read_back || !by_word, Rule::IntroductionAgreed, says);
            }
            IntroductionEvent::IntroductionMade {
                to,
                holder,
                at_risk,
                made_on,
            } => {
                let is_agreed = self.is_agreed && self.to == Some(*to);
                let says = "an introduction was made that was not agreed to";
                broken.unless(is_agreed, Rule::IntroductionAgreed, says);
                let is_checked = is_holder_checked(*holder, *made_on, before);
                let says = "a person at risk came to a group without a check in date";
                let may_be_at_risk = self.at_risk || *at_risk;
                broken.unless(
                    is_checked || !may_be_at_risk,
                    Rule::IntroductionChecked,
                    says,
                );
            }
            _ => {}
        }
    }

    fn follow(&mut self, event: &IntroductionEvent) {
        match event {
            IntroductionEvent::IntroductionAsked { to, at_risk, .. } => {
                (self.to, self.at_risk) = (Some(*to), *at_risk);
            }
            IntroductionEvent::IntroductionAgreed { .. } => self.is_agreed = true,
            IntroductionEvent::IntroductionTakenBack { .. } => self.is_agreed = false,
            _ => {}
        }
    }
}

/// Checks the entry to which somebody is introduced.
fn check_welcome(
    of: Option<Party>,
    event: &IntroductionEvent,
    before: &LogState,
) -> Result<(), &'static str> {
    use IntroductionEvent as E;
    let (E::IntroductionAsked { to, .. } | E::IntroductionMade { to, .. }) = event else {
        return Ok(());
    };
    let entry = before
        .asset(to.0)
        .filter(|entry| entry.state() == Some(AssetState::Published) && entry.welcomes())
        .ok_or("somebody was introduced to an entry that does not welcome people")?;
    if let E::IntroductionMade { holder, .. } = event
        && *holder != entry.holder().and_then(Party::group)
    {
        return Err("an introduction names another group than the one that holds the entry");
    }
    let heir = |party: Option<Party>| party.map(|party| before.heir_of(party));
    if of.is_some() && heir(of) == heir(entry.holder()) {
        return Err("somebody was introduced to an entry of their own");
    }
    Ok(())
}

/// Whether the group that holds an entry has a safeguarding check that is in date on a day, and so
/// has the one that it was merged into.
fn is_holder_checked(holder: Option<GroupId>, day: Date, before: &LogState) -> bool {
    let Ok(check) = SAFEGUARDING.parse::<Slug>() else {
        return false;
    };
    let groups = before.with_heirs(holder);
    let is_checked = |group: &&Group| group.check_on_file(&check, day).is_some();
    groups.first().is_some_and(is_checked) && groups.last().is_some_and(is_checked)
}

/// Who is introduced by an event.
pub(super) fn introduced(event: &RecordedEvent, before: &LogState) -> Option<Party> {
    match &event.event {
        Event::Introduction(IntroductionEvent::IntroductionAsked { of, .. }) => Some(*of),
        Event::Introduction(_) => before.introduction(event.stream)?.of(),
        _ => None,
    }
}

/// The person who is introduced by an event, if a person is.
pub(super) fn person_introduced(event: &RecordedEvent, before: &LogState) -> Option<PersonId> {
    introduced(event, before).and_then(Party::person)
}

/// The groups whose members may give an event of an introduction.
pub(super) fn groups_of_introduction(event: &RecordedEvent, before: &LogState) -> Vec<Uuid> {
    use IntroductionEvent as E;
    let Event::Introduction(happened) = &event.event else {
        return Vec::new();
    };
    let own = introduced(event, before)
        .and_then(Party::group)
        .filter(|_| {
            matches!(
                happened,
                E::IntroductionAsked { .. }
                    | E::IntroductionAgreed { .. }
                    | E::IntroductionTakenBack { .. }
                    | E::IntroductionCameTo { .. }
            )
        });
    let holder = before
        .introduction(event.stream)
        .and_then(crate::domain::Introduction::holder)
        .filter(|_| {
            matches!(
                happened,
                E::IntroductionWelcomed { .. }
                    | E::IntroductionDeclined { .. }
                    | E::IntroductionCameTo { .. }
            )
        });
    own.into_iter().chain(holder).map(|group| group.0).collect()
}
