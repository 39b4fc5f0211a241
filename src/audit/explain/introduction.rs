//! Tells the story of one introduction from an exported folder, without names. It begins with a
//! verdict, lists the events by day, and ends with what the log lacks.

use std::fmt;
use std::path::Path;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::known_names::{KnownNames, list_text};
use super::{StoryDay, days_of_record, write_record};
use crate::audit::ledger::accounts::short_id;
use crate::audit::{AuditError, FolderCheck};
use crate::domain::application::Channel;
use crate::domain::asset::Party;
use crate::domain::introduction::{CameTo, Shared, answer_due_on};
use crate::domain::language::day_text;
use crate::domain::{Event, IntroductionEvent};

/// The story of one introduction.
#[derive(Clone, Debug, Serialize)]
pub struct IntroductionStory {
    pub introduction: Uuid,
    pub heading: String,
    pub verdict: String,
    pub days: Vec<StoryDay>,
    pub missing: Vec<String>,
    pub check: FolderCheck,
}

/// What the log says of it so far.
#[derive(Default)]
struct IntroductionFacts {
    /// The day of the newest event of the log.
    until: Option<Date>,
    verdict: &'static str,
    /// The day on which it was made, until there is an answer.
    waits_since: Option<Date>,
    is_welcomed: bool,
}

/// Tells the story of an introduction by its id. None if the log has no such introduction.
pub fn explain_introduction(
    folder: &Path,
    check: &FolderCheck,
    introduction: Uuid,
) -> Result<Option<IntroductionStory>, AuditError> {
    let mut facts = IntroductionFacts::default();
    let days = days_of_record(folder, |event, names| {
        facts.until = facts.until.max(Some(event.recorded_on()));
        let Event::Introduction(happened) = &event.event else {
            return None;
        };
        if event.stream != introduction {
            return None;
        }
        let says = sentence(happened, &names.actor(event), names);
        facts.apply(happened);
        Some(says)
    })?;
    Ok((!days.is_empty()).then(|| IntroductionStory {
        introduction,
        heading: format!("Introduction {}", short_id(introduction)),
        verdict: facts.verdict.to_owned(),
        days,
        missing: facts.missing(),
        check: check.clone(),
    }))
}

impl fmt::Display for IntroductionStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = (self.heading.as_str(), self.verdict.as_str());
        write_record(f, &self.check, told, &self.days, &self.missing)
    }
}

impl IntroductionFacts {
    fn apply(&mut self, event: &IntroductionEvent) {
        use IntroductionEvent as E;
        match event {
            E::IntroductionAsked { .. } => self.verdict = "It was asked for, and not agreed to.",
            E::IntroductionAgreed { .. } => self.verdict = "It was agreed to, and not made.",
            E::IntroductionMade { made_on, .. } => {
                self.verdict = "It was made, and nobody has answered.";
                self.waits_since = Some(*made_on);
            }
            E::IntroductionWelcomed { .. } => {
                self.verdict = "They were welcomed.";
                (self.waits_since, self.is_welcomed) = (None, true);
            }
            E::IntroductionDeclined { .. } => {
                self.verdict = "They could not be welcomed.";
                self.waits_since = None;
            }
            E::IntroductionCameTo { how, .. } => {
                self.verdict = match how {
                    CameTo::Went => "They were welcomed, and went.",
                    CameTo::GoesOn => "They were welcomed, and keep going.",
                    CameTo::DidNotGo => "They were welcomed, and did not go.",
                    CameTo::Stopped => "They were welcomed, and went for a while.",
                };
                self.is_welcomed = false;
            }
            E::IntroductionTakenBack { .. } => {
                self.verdict = "They withdrew their consent.";
                (self.waits_since, self.is_welcomed) = (None, false);
            }
            E::IntroductionClosed { .. } => (self.waits_since, self.is_welcomed) = (None, false),
            E::IntroductionReminded { .. } | E::MattersForgotten { .. } => {}
        }
    }

    /// What an auditor would ask for and the log does not hold.
    fn missing(&self) -> Vec<String> {
        let waits = self
            .waits_since
            .filter(|made_on| Some(answer_due_on(*made_on)) <= self.until)
            .map(|made_on| format!("Nobody has answered since {}.", day_text(made_on)));
        let unsaid = self
            .is_welcomed
            .then(|| "Nobody said what came of it.".to_owned());
        waits.into_iter().chain(unsaid).collect()
    }
}

/// The sentence of an event, given who did it.
fn sentence(event: &IntroductionEvent, by: &str, names: &KnownNames) -> String {
    use IntroductionEvent as E;
    match event {
        E::IntroductionAsked {
            of, to, at_risk, ..
        } => {
            let risk = if *at_risk {
                ", who may be at risk,"
            } else {
                ""
            };
            let of = party_text(*of, names);
            format!(
                "{by} asked to introduce {of}{risk} to entry {}.",
                short_id(to.0)
            )
        }
        E::IntroductionAgreed { .. } => agreement_sentence(event, by),
        E::IntroductionMade {
            holder, at_risk, ..
        } => {
            let risk = if *at_risk {
                " They may be at risk."
            } else {
                ""
            };
            let holder = holder.map_or_else(
                || "an organisation outside".to_owned(),
                |holder| names.of_record(holder.0),
            );
            format!("{by} made the introduction, to {holder}.{risk}")
        }
        E::IntroductionWelcomed { host, channel, .. } => {
            let host = host.map_or_else(
                || "a person whose name is encrypted".to_owned(),
                |host| names.name(host),
            );
            format!(
                "{by} welcomed them {}, with {host} as host.",
                channel_text(*channel)
            )
        }
        E::IntroductionDeclined { reason, .. } => {
            let reason = <&str>::from(*reason).replace('_', " ");
            format!("{by} said that they cannot be welcomed: {reason}.")
        }
        E::IntroductionCameTo { how, .. } => {
            let how = <&str>::from(*how).replace('_', " ");
            format!("{by} said what came of it: {how}.")
        }
        E::IntroductionTakenBack { channel, .. } => {
            let how = channel_text(*channel);
            format!("{by} recorded {how} that they withdrew their consent.")
        }
        E::IntroductionClosed { reason, .. } => {
            let reason = <&str>::from(*reason).replace('_', " ");
            format!("{by} closed it: {reason}.")
        }
        E::IntroductionReminded { .. } => format!("{by} reminded those who had not answered."),
        E::MattersForgotten { .. } => format!("{by} deleted what matters to them."),
    }
}

/// The sentence of an agreement; nothing for other events.
fn agreement_sentence(event: &IntroductionEvent, by: &str) -> String {
    let IntroductionEvent::IntroductionAgreed {
        notice,
        channel,
        shares,
        matters,
        ..
    } = event
    else {
        return String::new();
    };
    let shares: Vec<String> = shares.iter().map(|one| shared_text(*one)).collect();
    let shares = match shares.as_slice() {
        [] => "nothing".to_owned(),
        shares => list_text(shares),
    };
    let said = matters
        .as_ref()
        .map_or("", |_| " What matters to them is encrypted.");
    let how = channel_text(*channel);
    let on = format!("{by} recorded their agreement {how}, on notice {notice}.");
    format!("{on} They share {shares}.{said}")
}

fn party_text(of: Party, names: &KnownNames) -> String {
    match of {
        Party::Person(person) => names.name(person),
        Party::Group(group) => names.of_record(group.0),
    }
}

fn shared_text(shared: Shared) -> String {
    match shared {
        Shared::Name => "their name",
        Shared::Telephone => "their phone number",
        Shared::Email => "their email address",
        Shared::Matters => "what matters to them",
    }
    .to_owned()
}

fn channel_text(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => "online",
        Channel::Phone => "by phone",
        Channel::Paper => "on paper",
        Channel::InPerson => "in person",
    }
}
