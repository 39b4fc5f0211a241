//! Contact details of people, and messages that staff pass on by phone or letter.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, PersonEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct ContactDetails {
    /// By person: who registered them, and on which day.
    registered_by: BTreeMap<Uuid, (PersonId, Option<Date>)>,
    /// By person: the address that they have proven, while it is theirs.
    proven: BTreeMap<Uuid, Encrypted>,
    /// By person and message: the day of its cause, while it waits for a call or a letter.
    waiting: BTreeMap<(Uuid, Uuid), Date>,
    /// Likewise, once staff have recorded that the person knows.
    passed_on: BTreeMap<(Uuid, Uuid), Date>,
}

impl RuleRoom for ContactDetails {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ContactByTwo, Rule::MessagePassedOn]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let Event::Person(happened) = &event.event else {
            return;
        };
        let found = self
            .check_contact(event, happened, before)
            .map_err(|says| (Rule::ContactByTwo, says))
            .and_then(|()| {
                self.check_message(event.stream, happened, before)
                    .map_err(|says| (Rule::MessagePassedOn, says))
            });
        if let Err((rule, says)) = found
            && before.has_people_rules()
        {
            broken.report(rule, says);
        }
    }
}

impl ContactDetails {
    fn check_contact(
        &mut self,
        recorded: &RecordedEvent,
        event: &PersonEvent,
        before: &LogState,
    ) -> Result<(), String> {
        let id = recorded.stream;
        match event {
            PersonEvent::PersonRegistered {
                registered_by: Some(by),
                registered_on,
                ..
            } => {
                self.registered_by.insert(id, (*by, *registered_on));
            }
            PersonEvent::AddressProven { email } => {
                self.proven.insert(id, email.clone());
            }
            PersonEvent::ContactChanged {
                email,
                changed_by,
                confirmed_by,
                changed_on,
                ..
            } => {
                let actor = LogState::actor(recorded);
                let loses_proof = self.loses_proof(id, email.as_ref());
                return match changed_by {
                    Some(changed) => {
                        self.must_be_by_two(id, (*changed, *changed_on), *confirmed_by)
                    }
                    None if actor.is_some_and(|actor| actor.0 != id) => Err(format!(
                        "the contact details of {id} were changed by a person who is not named"
                    )),
                    None if loses_proof && before.has_role(PersonId(id)) => {
                        Err(format!("{id} has a role, and changed a proven address"))
                    }
                    None => Ok(()),
                };
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether a person had proven their address, and has another one or none from now on.
    fn loses_proof(&mut self, id: Uuid, email: Option<&Encrypted>) -> bool {
        let proven = self.proven.get(&id);
        let loses = proven.is_some_and(|proven| Some(proven) != email);
        if loses {
            self.proven.remove(&id);
        }
        loses
    }

    fn must_be_by_two(
        &self,
        id: Uuid,
        (changed, changed_on): (PersonId, Option<Date>),
        confirmed: Option<PersonId>,
    ) -> Result<(), String> {
        let is_alone = confirmed.is_none_or(|confirmed| confirmed == changed);
        let is_own_entry = self.registered_by.get(&id).is_some_and(|(by, on)| {
            *by == changed && (on.is_none() || changed_on.is_none() || *on == changed_on)
        });
        if is_alone && !is_own_entry {
            Err(format!(
                "{changed} changed the contact details of {id} alone"
            ))
        } else {
            Ok(())
        }
    }

    /// Checks that staff record once that a person knows of a message, unless that was taken back,
    /// and not before the event that caused it.
    fn check_message(
        &mut self,
        id: Uuid,
        event: &PersonEvent,
        before: &LogState,
    ) -> Result<(), String> {
        match event {
            PersonEvent::PersonToTell {
                mail, caused_on, ..
            } => {
                self.passed_on.remove(&(id, *mail));
                self.waiting.insert((id, *mail), *caused_on);
            }
            PersonEvent::PersonTold {
                mail, told_on, by, ..
            } => {
                let caused_on = self.waiting.remove(&(id, *mail));
                let Some(caused_on) = caused_on.filter(|caused_on| *told_on >= *caused_on) else {
                    return Err(format!("{id} was told what did not wait for it"));
                };
                self.passed_on.insert((id, *mail), caused_on);
                must_be_staff(*by, before, "passed a message on")?;
            }
            PersonEvent::TellingTakenBack { mail, by } => {
                let Some(caused_on) = self.passed_on.remove(&(id, *mail)) else {
                    return Err(format!("{id} had not been told what was taken back"));
                };
                self.waiting.insert((id, *mail), caused_on);
                must_be_staff(*by, before, "took back that a message was passed on")?;
            }
            PersonEvent::EmailedInstead { mail, .. }
                if self.waiting.remove(&(id, *mail)).is_none() =>
            {
                return Err(format!("{id} was emailed what did not wait for it"));
            }
            _ => {}
        }
        Ok(())
    }
}

fn must_be_staff(person: PersonId, before: &LogState, did: &str) -> Result<(), String> {
    if before.has_role(person) {
        Ok(())
    } else {
        Err(format!("{person} {did}, and has no role"))
    }
}
